"""Flicker: what jumps up and back, or down and back, from frame to frame, and is not motion.

In: uint8 RGB frames, a chunk at a time. Out: one number per frame, in grey levels (0-255).

    y_t  luma of frame t (0.299 R + 0.587 G + 0.114 B)
    f_t  = mean over pixels of max(0, y_t - max(y_{t-1}, y_{t+1}), min(y_{t-1}, y_{t+1}) - y_t)

A pixel counts by as much as it lies outside both of its neighbours in time. Whatever passes it
once, a fade or an edge that moves across, leaves it between them and counts exactly 0; independent
noise of standard deviation s counts s / sqrt(pi). The first and the last frame have one neighbour
only and no value (NaN).
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from synth.types import Frames

Luma = UInt8[np.ndarray, "height width"]
PerFrame = Float[np.ndarray, " frame"]


class FlickerMeter:
    """Takes chunks of a video in order; holds two frames."""

    def __init__(self) -> None:
        self._last: list[np.ndarray] = []
        self._values: list[float] = []
        self._frames = 0

    def add(self, frames: Frames) -> None:
        """Look at the next frames [frame, height, width, 3]; all chunks have one size."""
        for frame in frames:
            luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
            if len(self._last) == 2:
                self._values.append(measure_excursion(self._last[0], self._last[1], luma))
            self._last = [*self._last[-1:], luma]
            self._frames += 1

    def read(self) -> PerFrame:
        """Flicker of every frame seen so far [frame]; NaN for the first and the last."""
        values = np.full(self._frames, np.nan)
        values[1 : 1 + len(self._values)] = self._values
        return values


def measure_excursion(before: Luma, now: Luma, after: Luma) -> float:
    """Mean amount by which pixels of `now` lie outside the range of `before` and `after`."""
    above = cv2.subtract(now, cv2.max(before, after))  # subtract saturates at 0
    below = cv2.subtract(cv2.min(before, after), now)
    return float(above.mean() + below.mean())
