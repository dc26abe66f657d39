"""The watermark, put into frames: a pattern of their own size, strong where it cannot be seen.

In: uint8 frames [frame, height, width, 3] and an identifier. Out: frames that look the same, whose
luma holds the identifier's pattern. What a frame gets depends on the identifier and on that frame
alone, so that a film in pieces is marked as one in one piece. Texture hides it (Podilchuk and Zeng,
Image-adaptive watermarking using visual models, IEEE Journal on Selected Areas in Communications
16(4), 1998); shading does not, and beside an edge there is plain ground: so strength follows

    t(x) = mean of |h|^(1/2) over a neighbourhood of x, squared,

where h is the luma without what a blur leaves of it. For Gaussian noise t is its deviation but for
a factor; of a lone edge, which few pixels of a neighbourhood see, little is left. In the dark,
where a level is a larger share of the light, strength is less; in small pictures, whose waves are
too short to be seen well, it is more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from synth.film.marks.pattern import SIDE, draw_pattern
from synth.types import Frames, Times

#: Grey levels (of 255, root of the mean square) on plain ground, and at most, for pictures of
#: `_FULL_PX` on the shorter side. 1.0 can be seen on plain ground there.
LEAST_LEVELS, MOST_LEVELS = 0.25, 1.2
_FULL_PX, _MOST_TIMES = 1024, 1.5
#: Levels for each level of texture around a pixel.
LEVELS_PER_TEXTURE = 0.5
#: Below this luma strength shrinks with it, down to a share.
_DARK, _LEAST_SHARE = 90, 0.4
#: The blur that shading survives, and the neighbourhood of a pixel: units of 1/256 of the shorter
#: side.
_SHADING, _NEIGHBOURS = 1.5, 5
#: Below this there is no room for a pattern.
LEAST_SIDE_PX = 64


@dataclass(frozen=True)
class Watermark:
    """A stage that marks frames with an identifier of 32 bits."""

    identifier: int

    def __call__(self, frames: Frames, times_s: Times | None = None) -> Frames:
        """Marked frames; such below 64 pixels are left alone, for want of room."""
        if min(frames.shape[1:3]) < LEAST_SIDE_PX:
            return frames
        return np.stack([mark_picture(frame, self.identifier) for frame in frames])


def mark_picture(
    picture: UInt8[np.ndarray, "height width 3"], identifier: int
) -> UInt8[np.ndarray, "height width 3"]:
    """One picture with the identifier's pattern."""
    height, width = picture.shape[:2]
    pattern = _keep_pattern(identifier, height, width)
    levels = _measure_levels(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    # Unsigned bytes saturate: one product holds what is added, the other what is taken away.
    more = cv2.multiply(pattern, levels, dtype=cv2.CV_8U)
    less = cv2.multiply(pattern, levels, scale=-1, dtype=cv2.CV_8U)
    brighter = cv2.add(picture, cv2.cvtColor(more, cv2.COLOR_GRAY2RGB))
    return cv2.subtract(brighter, cv2.cvtColor(less, cv2.COLOR_GRAY2RGB))


@lru_cache(maxsize=2)
def _keep_pattern(identifier: int, height: int, width: int) -> Float[np.ndarray, "height width"]:
    """A film's frames share one pattern."""
    return np.ascontiguousarray(draw_pattern(identifier, height, width), np.float32)


def _measure_levels(luma: UInt8[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """How strong the pattern may be at each pixel."""
    height, width = luma.shape
    scale = min(1.0, SIDE / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = np.abs(small - cv2.GaussianBlur(small, (0, 0), _SHADING))
    window = (_NEIGHBOURS, _NEIGHBOURS)
    texture = cv2.blur(np.sqrt(fine), window) ** 2
    share = np.clip(cv2.blur(small, window) / _DARK, _LEAST_SHARE, 1)
    share *= np.clip(np.sqrt(_FULL_PX / min(height, width)), 1, _MOST_TIMES)
    levels = np.clip(LEAST_LEVELS + LEVELS_PER_TEXTURE * texture, 0, MOST_LEVELS) * share
    return cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
