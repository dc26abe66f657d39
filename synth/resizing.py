"""The one place where frames change size: area averaging down, Lanczos up.

In and out: uint8 frames [frame, height, width, 3].
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8

from synth.types import Frames

#: H.264 and VP9 end here, and a picture takes 0.8 GB.
LARGEST_PX = 16384
#: Other names than the input's: the sides differ.
ResizedFrames = UInt8[np.ndarray, "frame new_height new_width 3"]


def resize_frames(frames: Frames, size_px: int) -> ResizedFrames:
    """Frames whose longer side is `size_px`, the aspect ratio kept; unchanged if it already is.

    Raises ValueError for a size that `check_size` refuses.
    """
    check_size(size_px)
    height, width = frames.shape[1:3]
    scale = size_px / max(height, width)
    if scale == 1 or not len(frames):
        return frames
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4
    return np.stack([cv2.resize(frame, size, interpolation=method) for frame in frames])


def check_size(size_px: int) -> None:
    """Raise ValueError for an output too small to be a video, or too large for any player."""
    if not 2 <= size_px <= LARGEST_PX:
        raise ValueError(f"needs an output size of 2 to {LARGEST_PX} pixels; got size_px={size_px}")


def pad_to_even(frames: Frames) -> ResizedFrames:
    """Frames with an odd side get their last row or column twice: 4:2:0 video needs even sides."""
    height, width = frames.shape[1:3]
    if height % 2 == 0 and width % 2 == 0:
        return frames
    return np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
