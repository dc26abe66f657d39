"""Points and triangles before and now -> shifts on a grid.

Each triangle that faces the viewer both times is drawn where it is now, from far to near; within it
the way back is affine. What no triangle covers is filled in smoothly: mouths and eyes from their
borders, surroundings of the head towards no motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from embed.moving.displacement import FIELD_PX, Shifts, Weights, make_places
from embed.moving.filling import fade_out, fill_smoothly

#: Smaller triangles, in pixels of the grid, say nothing.
LEAST_AREA_PX = 0.02
#: Corners are placed to a sixteenth of the grid's pixels.
_SUBPIXEL_BITS = 4
#: Softens the folds between triangles, in the grid's pixels.
SOFTEN_PX = 1.5
#: How far beyond the head its motion reaches, in picture widths, and in multiples of the motion.
#: Width of the head's rim, whose motion counts there, in the grid's pixels.
RIM_PX = 7
#: How far within the square, in its widths, motion begins.
BORDER = 0.05
#: Weight of `fade_out` below which the motion ends, by force.
LAST = 0.3
LEAST_REACH, REACH_FOR_MOTION = 0.05, 2.2


@dataclass(frozen=True, eq=False)
class Balls:
    """Round things in holes of the skin: where each shows, now and before, and their shifts."""

    masks: Bool[np.ndarray, "ball field field"]
    shifts: Float[np.ndarray, "ball 2"]


def draw_shifts(
    before: Float[np.ndarray, "point 2"],
    now: Float[np.ndarray, "point 2"],
    depth: Float[np.ndarray, " point"],
    triangles: Int[np.ndarray, "triangle 3"],
    balls: Balls | None = None,
) -> tuple[Shifts, Weights]:
    """Shifts from places now to places before, in picture widths, and where triangles say so."""
    areas = [_find_areas(points[triangles] * FIELD_PX) for points in (before, now)]
    chosen = triangles[(areas[0] < -LEAST_AREA_PX) & (areas[1] < -LEAST_AREA_PX)]
    chosen = chosen[np.argsort(depth[chosen].mean(1), kind="stable")]
    index = np.full((FIELD_PX, FIELD_PX), -1, np.int32)
    # Pixels' middles lie at wholes for OpenCV.
    corners = np.rint((now[chosen] * FIELD_PX - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    for k, corner in enumerate(corners):
        cv2.fillConvexPoly(index, corner, k, cv2.LINE_8, _SUBPIXEL_BITS)
    covered = index >= 0
    frame = np.concatenate([np.ones((*chosen.shape, 1)), now[chosen]], axis=2)
    slopes = np.linalg.solve(frame, (before - now)[chosen]).astype(np.float32)
    found = slopes[np.where(covered, index, 0)]
    places = make_places(FIELD_PX)
    shifts = found[..., 0, :] + (found[..., 1:, :] * places[..., None]).sum(2)
    shifts = shifts * covered[..., None]
    known = covered.astype(np.float32)
    soft = cv2.GaussianBlur(shifts, (0, 0), SOFTEN_PX)
    share = cv2.GaussianBlur(known, (0, 0), SOFTEN_PX)[..., None]
    shifts = np.where(covered[..., None], soft / np.maximum(share, 1e-6), 0)
    return spread_beyond(shifts, known, balls), known


def spread_beyond(shifts: Shifts, known: Weights, balls: Balls | None = None) -> Shifts:
    """Fill holes from their borders, and let the motion fade out beyond what is known.

    balls: what moves by itself in holes.
    """
    head = close_holes(known)
    rim = (head > 0) & (cv2.erode(head, np.ones((RIM_PX, RIM_PX), np.uint8)) == 0)
    largest = float(np.hypot(*shifts[rim].T).max(initial=0.0))
    near = fade_out(head, FIELD_PX * (LEAST_REACH + REACH_FOR_MOTION * largest))
    fixed = np.maximum(known, (near == 0).astype(np.float32))
    if balls is not None:
        for mask, shift in zip(balls.masks, balls.shifts, strict=True):
            within = mask & (known == 0)
            shifts = np.where(within[..., None], shift.astype(np.float32), shifts)
            fixed = np.where(within, 1, fixed)
    ends = np.minimum(1, near / LAST) * _fade_at_border()
    return fill_smoothly(shifts, fixed) * ends[..., None]


def _fade_at_border() -> Weights:
    """1 within the square, 0 at its border, beyond which a photo stays."""
    line = np.minimum(np.arange(FIELD_PX), np.arange(FIELD_PX)[::-1]) / (BORDER * FIELD_PX)
    t = np.clip(line, 0, 1).astype(np.float32)
    t = t * t * (3 - 2 * t)
    return np.minimum(t[:, None], t[None, :])


def close_holes(known: Weights) -> UInt8[np.ndarray, "field field"]:
    """1 wherever something is known, or is surrounded by what is."""
    mask = (known > 0).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)  # pyright: ignore[reportReturnType]


def _find_areas(corners: np.ndarray) -> np.ndarray:
    """Signed areas of triangles [triangle, 3, 2]: negative where they face the viewer."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return 0.5 * (a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1])
