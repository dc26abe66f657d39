"""Mouth and eyes of 68 points as soft masks: what lies within lips and lids.

Each outline is two curves from corner to corner, through the points (a natural cubic spline).
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline

from embed.moving.displacement import FIELD_PX, Marks, Weights, make_places
from embed.moving.mesh_field import Balls

#: Upper and lower chain of each, from the viewer's left corner to the right one.
MOUTH = ((60, 61, 62, 63, 64), (60, 67, 66, 65, 64))
EYES = (((36, 37, 38, 39), (36, 41, 40, 39)), ((42, 43, 44, 45), (42, 47, 46, 45)))
LIPS = ((48, 49, 50, 51, 52, 53, 54), (48, 59, 58, 57, 56, 55, 54))
STEPS = 24
#: Radius of an iris, and what lashes and lids' shadows take of an eye, in its widths.
IRIS, LASHES = 0.22, 0.085
_SUBPIXEL_BITS = 4

Chains = tuple[tuple[int, ...], tuple[int, ...]]


def draw_opening(
    marks: Marks, chains: Chains, size: int, grow_px: float = 0.0, soften_px: float = 1.0
) -> Weights:
    """What lies between the chains, 0 to 1 [size, size]; `grow_px` moves its border outwards.

    Where the lower chain runs above the upper one there is nothing.
    """
    upper, lower = (_trace(marks[list(chain)]) for chain in chains)
    middle = (upper + lower) / 2
    lower = np.where((lower[:, 1:] < upper[:, 1:]), middle, lower)
    upper = np.where((lower[:, 1:] <= upper[:, 1:]), middle, upper)
    outline = np.concatenate([upper, lower[::-1]]) * size - 0.5
    mask = np.zeros((size, size), np.uint8)
    corners = np.rint(outline * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    if grow_px:
        reach = 2 * round(abs(grow_px)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        mask = (cv2.dilate if grow_px > 0 else cv2.erode)(mask, kernel)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), soften_px) if soften_px else mask
    return soft.astype(np.float32) / 255


def find_irises(before: Marks, shifts: Float[np.ndarray, "2 2"]) -> Balls:
    """What keeps its shape within the lids, and shifts by itself: irises, as far as they showed."""
    places, masks = make_places(FIELD_PX), []
    for chains, shift in zip(EYES, shifts, strict=True):
        eye = before[list({*chains[0], *chains[1]})] - shift
        width = np.ptp(eye[:, 0])
        near = np.hypot(*np.moveaxis(places - eye.mean(0), 2, 0)) < IRIS * width
        margin = -LASHES * FIELD_PX * width
        masks.append(near & (draw_opening(before - shift, chains, FIELD_PX, margin, 0.0) > 0.5))
    return Balls(np.stack(masks), shifts)


def find_gap(marks: Marks, chains: Chains) -> float:
    """The largest height between the chains, at least 0."""
    upper, lower = (_trace(marks[list(chain)]) for chain in chains)
    return max(0.0, float((lower - upper)[:, 1].max()))


def _trace(points: Float[np.ndarray, "point 2"]) -> Float[np.ndarray, "step 2"]:
    """A curve through points in order."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if along[-1] <= 0:
        return np.repeat(points[:1], STEPS, 0)
    along = along / along[-1] + np.arange(len(points)) * 1e-9
    return CubicSpline(along, points, bc_type="natural")(np.linspace(0, along[-1], STEPS))
