"""What is left of frames when what a picture is likely to show is taken out: mostly the watermark.

In: uint8 frames [frame, height, width, 3] of one size. Out: one map of their luma's fluctuations,
averaged over the frames. Each band of frequencies is divided by its own deviation around each
pixel, so that an edge counts no more than plain skin; what sticks out after that is clipped. Where
the picture is a Gaussian of slowly changing variance this is the best one can do: Hernandez and
Perez-Gonzalez, Statistical analysis of watermarking schemes for copyright protection of images,
Proceedings of the IEEE 87(7), 1999.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from synth.types import Frames

#: Larger pictures are made so small, in pixels of the shorter side: no wave is shorter than 4 px.
WORKING_PX = 384
#: Bands end at these blurs, in units of 1/256 of the shorter side.
_BLURS = (1.0, 2.0, 4.0, 8.0)
#: The neighbourhood in which deviation is measured, in blurs of the band.
_NEIGHBOURS = 3.0
#: Grey levels that count as no deviation at all, and deviations that count in full.
_LEAST_DEVIATION, _CLIP = 0.5, 2.5

#: Other names than the frame's: it may be smaller.
Map = Float[np.ndarray, "map_height map_width"]


def average_fluctuations(chunks: Iterable[Frames]) -> tuple[Map, int] | None:
    """The map [height, width] of all frames, and how many there were; None for no frames.

    Raises ValueError for frames of different sizes.
    """
    total: Map | None = None
    count = 0
    for chunk in chunks:
        for frame in chunk:
            found = measure_fluctuations(frame)
            if total is not None and total.shape != found.shape:
                raise ValueError(f"needs frames of one size; got {total.shape}, {found.shape}")
            total = found if total is None else total + found
            count += 1
    return None if total is None else (total / count, count)


def measure_fluctuations(frame: UInt8[np.ndarray, "height width 3"]) -> Map:
    """The map of one frame."""
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    side_px = min(luma.shape)
    if side_px > WORKING_PX:
        scale = WORKING_PX / side_px
        size = (round(luma.shape[1] * scale), round(luma.shape[0] * scale))
        luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    left = luma.astype(np.float32)
    unit_px = min(luma.shape) / 256
    found = np.zeros_like(left)
    for blur in _BLURS:
        smooth = cv2.GaussianBlur(left, (0, 0), blur * unit_px)
        band, left = left - smooth, smooth
        power = cv2.GaussianBlur(band * band, (0, 0), _NEIGHBOURS * blur * unit_px)
        found += np.clip(band / (np.sqrt(power) + _LEAST_DEVIATION), -_CLIP, _CLIP)
    return found
