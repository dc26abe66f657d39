"""Cuts: whether a video goes on with another shot. Whoever reads videos asks here.

In: two neighbouring frames as tiny Y'CbCr pictures (`Glance`). Out: yes or no.

A cut shows another picture, not the same one moved or lit otherwise. So after a little blur, which
forgives motion, two frames are compared without their brightness and contrast. With a and b their
values, luma less its mean and chroma as distances from grey,

    distance = 1 - mean(a b) / sqrt(mean(a^2) mean(b^2))

is 0 for the same picture, also under a flash or while a lamp comes up, and about 1 for two that
have nothing in common. A cut has a distance of `CUT_DISTANCE` or more, and luma that changes by
`CUT_LEVELS` or more on average, since the noise of a dark frame has no likeness either. Dissolves
are not found: no two of their neighbouring frames differ enough.

PySceneDetect (scenedetect 0.7, BSD, well kept; `scenedetect-headless` does without libGL) was
considered. By `python -m benchmarks.cuts` all of its detectors miss more cuts, above all within one
place; they need RGB of every frame where ours takes the planes that a decoder has at hand; and
the best of them, which adapts, answers frames later, while tracking must know before it looks.
(Both numbers below were chosen on such films, but of another seed.) That is one dependency less.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import UInt8

CUT_DISTANCE = 0.2
CUT_LEVELS = 5.0
GLANCE_PX = 32
#: Standard deviation of the blur, in pixels of a glance.
BLUR_PX = 1.0
#: What chroma is where there is no colour.
NO_COLOUR = 128.0
#: Below this mean square a picture is flat, and is like no other.
_FLAT = 1.0

#: Luma and two chroma planes, side by side in the last axis.
Glance = UInt8[np.ndarray, "glance glance 3"]


def make_glance(picture: UInt8[np.ndarray, "height width 3"]) -> Glance:
    """An RGB frame of any size -> its glance."""
    return cv2.cvtColor(shrink(picture), cv2.COLOR_RGB2YUV)


def join_planes(planes: Sequence[np.ndarray]) -> Glance:
    """Planes of luma and both chromas, of any sizes -> the glance."""
    return np.stack([shrink(plane) for plane in planes], axis=-1)


def shrink(pixels: np.ndarray) -> np.ndarray:
    """A frame or plane at the size of a glance."""
    # What is far larger than needed is thinned out first: a glance may be rough, but not slow.
    step = max(1, min(pixels.shape[:2]) // (4 * GLANCE_PX))
    thinned = np.ascontiguousarray(pixels[::step, ::step])
    return cv2.resize(thinned, (GLANCE_PX, GLANCE_PX), interpolation=cv2.INTER_AREA)


def is_cut(before: Glance, after: Glance) -> bool:
    """Whether two neighbouring frames belong to different shots."""
    change = float(np.abs(after[..., 0].astype(np.int16) - before[..., 0]).mean())
    return change >= CUT_LEVELS and compute_distance(before, after) >= CUT_DISTANCE


def compute_distance(before: Glance, after: Glance) -> float:
    """0 for the same picture in any light, 1 for two without likeness, up to 2."""
    a, b = _prepare(before), _prepare(after)
    spread = np.sqrt(((a**2).mean() + _FLAT) * ((b**2).mean() + _FLAT))
    return 1.0 - float((a * b).mean() / spread)


def _prepare(glance: Glance) -> np.ndarray:
    values = cv2.GaussianBlur(glance.astype(np.float32), (0, 0), BLUR_PX)
    return values - (values[..., 0].mean(), NO_COLOUR, NO_COLOUR)
