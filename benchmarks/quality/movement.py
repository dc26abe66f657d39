"""Does detail move with the head, or does it stick to the screen?

A face is turned by small steps of yaw and of nothing else. Coarse shapes (blurred pictures) tell
how each place moves, by dense optical flow. Fine detail (what blurring takes away) of the first
picture is then compared with that of the second, once followed along the flow and once at the same
place of the screen. Where detail moves with the head, following correlates better; both are also
measured on renders of the same parameters, where a head model is given.
"""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.quality.pictures import Figures, Renderer, draw_faces, find_rows, render_faces
from synth.generators.base import Generator
from synth.generators.bundled_parameters import APPEARANCE_NAMES, APPEARANCE_START, FaceParameters
from synth.types import Frames

YAW = APPEARANCE_START + APPEARANCE_NAMES.index("yaw")
#: In standard deviations of yaw, before and after.
YAW_STEP = 0.35
#: Blur that parts coarse from fine, and the movement from which a place counts, as shares of n.
BLUR_SHARE, MOVED_SHARE = 1 / 100, 1 / 250
LARGEST_PX = 512


def measure_sticking(
    generator: Generator, parameters: np.ndarray, renderer: Renderer | None
) -> Figures:
    """Correlation of fine detail along the head's movement and at the same place of the screen."""
    before, after = parameters.copy(), parameters.copy()
    before[:, YAW], after[:, YAW] = -YAW_STEP, YAW_STEP
    size = min(generator.resolution, LARGEST_PX)
    pair = [draw_faces(generator, find_rows(generator, p), size) for p in (before, after)]
    figures = compare_detail(pair[0], pair[1], "generated")
    if renderer is not None:
        vectors = (list(map(FaceParameters.from_vector, p)) for p in (before, after))
        true = [render_faces(renderer, faces, size) for faces in vectors]
        figures |= compare_detail(true[0], true[1], "rendered")
    return {"faces": len(parameters), "size_px": size, **figures}


def compare_detail(before: Frames, after: Frames, what: str) -> Figures:
    """Mean correlations, and the share of faces whose detail follows the screen more."""
    found = [follow_detail(a, b) for a, b in zip(before, after, strict=True)]
    along, in_place, moved_px = np.nanmean(np.array(found), axis=0)
    stuck = [place > follow for follow, place, _ in found]
    return {
        f"{what}_detail_along_the_movement": float(along),
        f"{what}_detail_in_place": float(in_place),
        f"{what}_movement_px": float(moved_px),
        f"{what}_share_of_stuck_faces": float(np.mean(stuck)),
    }


def follow_detail(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    """uint8 pictures -> correlation of detail along the flow, in place, and the mean movement.

    NaN where nothing moves enough.
    """
    n = before.shape[0]
    coarse, fine = zip(*(split_detail(picture) for picture in (before, after)), strict=True)
    flow_finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = flow_finder.calc(coarse[0], coarse[1], None)  # pyright: ignore
    y, x = np.mgrid[:n, :n].astype(np.float32)
    arrived = cv2.remap(fine[1], x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC)
    length = np.linalg.norm(flow, axis=2)
    inner = (np.abs(x - n / 2) < n / 4) & (np.abs(y - n * 0.57) < n / 4)
    moved = inner & (length > n * MOVED_SHARE)
    if moved.sum() < 100:
        return np.nan, np.nan, np.nan
    along = np.corrcoef(fine[0][moved], arrived[moved])[0, 1]
    in_place = np.corrcoef(fine[0][moved], fine[1][moved])[0, 1]
    return float(along), float(in_place), float(length[moved].mean())


def split_detail(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture -> coarse grey uint8 and fine grey float32, both [n, n]."""
    grey = picture.astype(np.float32).mean(2)
    coarse = cv2.GaussianBlur(grey, (0, 0), picture.shape[0] * BLUR_SHARE)
    return coarse.round().astype(np.uint8), grey - coarse
