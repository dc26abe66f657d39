"""Where the head is in a photo's square: face, hair, and room for a dropping chin.

In: the square's pixels and the 68 points. Out: a soft mask. GrabCut (Rother et al., 2004) begins
with the face for sure, what lies around it perhaps, and neither the square's border nor what lies
below the chin.
"""

from __future__ import annotations

import cv2
import numpy as np

from embed.moving.displacement import Marks, Weights
from synth.types import Picture

MASK_PX = 256
ROUNDS = 4
#: From brows to chin, in picture widths, of anything that is a face.
LEAST_HEIGHT = 0.05
#: In heights from brows to chin: how far above the brows hair is looked for, and to the sides; how
#: far below a chin may drop.
UP, SIDEWAYS, DROP = 1.05, 0.45, 0.16
#: In picture widths: growth of what was found, and softness of its border.
GROW, SOFT = 0.012, 0.012


def find_head_mask(square: Picture, marks: Marks) -> Weights:
    """1 on the head, 0 off it, smooth between [m, m]; marks in picture widths.

    Points that make no face have a mask of 1.
    """
    small = cv2.resize(square, (MASK_PX, MASK_PX), interpolation=cv2.INTER_AREA)
    height = float(marks[8, 1] - marks[17:27, 1].mean())
    face = _fill(marks)
    if height < LEAST_HEIGHT:
        return np.ones((MASK_PX, MASK_PX), np.float32)
    centre = (marks[:27].min(0) + marks[:27].max(0)) / 2
    reach = np.array([np.ptp(marks[:17, 0]) / 2 + SIDEWAYS * height, UP * height + height / 2])
    y, x = (np.mgrid[:MASK_PX, :MASK_PX] + 0.5) / MASK_PX
    away = np.hypot((x - centre[0]) / reach[0], (y - centre[1] + 0.2 * height) / reach[1])
    seeds = np.where(away < 1, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    # Beside and below the jaw lies what is not the head's, but for hair.
    seeds[(y > marks[8, 1] - 0.1 * height) & (face == 0)] = cv2.GC_BGD
    seeds[cv2.erode(face, np.ones((9, 9), np.uint8)) > 0] = cv2.GC_FGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, seeds, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)  # pyright: ignore
    found = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    _, parts = cv2.connectedComponents(np.maximum(found, face))
    head = (parts == parts[int(centre[1] * MASK_PX), int(centre[0] * MASK_PX)]).astype(np.uint8)
    dropped = marks + np.array([0, DROP * height])
    head = np.maximum(head, _fill(np.concatenate([marks[2:15], dropped[4:13]])))
    reach_px = 2 * round(GROW * MASK_PX) + 1
    head = cv2.dilate(head, np.ones((reach_px, reach_px), np.uint8)).astype(np.float32)
    return cv2.GaussianBlur(head, (0, 0), SOFT * MASK_PX)


def _fill(points: np.ndarray) -> np.ndarray:
    """The hull of points in picture widths as 0 and 1."""
    hull = cv2.convexHull((points * MASK_PX).astype(np.float32)).astype(np.int32)
    return cv2.fillConvexPoly(np.zeros((MASK_PX, MASK_PX), np.uint8), hull, 1)
