"""Dense flow between the generator's pictures, alone or after a displacement that is known roughly.

DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016), as OpenCV has it. It
knows nothing of heads, and so goes wrong where something appears; see `benchmarks.moving`.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from embed.moving.displacement import FIELD_PX, Displacement, Shifts
from embed.moving.shading import read_at
from synth.types import Picture

#: Flow counts where the pictures agree to so many levels, and not from twice that on.
AGREEING = 12.0


def find_flow(before: Picture, now: Picture) -> Shifts:
    """Shifts [n, n, 2] from places now to places before, in picture widths."""
    grey = [_reduce(picture) for picture in (now, before)]
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = finder.calc(grey[0], grey[1], np.zeros((*grey[0].shape, 2), np.float32))
    return flow / FIELD_PX


def refine_by_flow(moved: Displacement, before: Picture, now: Picture) -> Displacement:
    """The displacement with what flow finds besides, where both pictures then agree."""
    small = [
        cv2.resize(x, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_AREA) for x in (before, now)
    ]
    brought = read_at(small[0], moved.shifts)
    more = find_flow(brought, small[1])
    shifts = more + read_at(moved.shifts, more)
    off = np.abs(read_at(small[0], shifts).astype(np.float32) - small[1]).mean(2)
    share = np.clip(2 - cv2.GaussianBlur(off, (0, 0), 3) / AGREEING, 0, 1) * moved.known
    share = cv2.GaussianBlur(share, (0, 0), 3)[..., None]
    return replace(moved, shifts=moved.shifts + share * (shifts - moved.shifts))


def _reduce(picture: Picture) -> np.ndarray:
    small = cv2.resize(picture, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
