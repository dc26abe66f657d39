"""Picture files -> squares as a generator draws them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from embed.photos.loading import load_photo
from synth.types import Images, to_images


def load_square(path: str, size_px: int) -> np.ndarray:
    """The middle square of a picture, resized -> uint8 [size, size, 3].

    Raises FileNotFoundError, or ValueError naming the file that cannot be read or is too large.
    """
    photo = load_photo(path)
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photo[top : top + side, left : left + side]
    if side == size_px:
        return square
    way = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    return cv2.resize(square, (size_px, size_px), interpolation=way)


def load_squares(paths: Sequence[str], size_px: int) -> Images:
    """Images [picture, 3, size, size] in [-1, 1]; raises as `load_square`."""
    return to_images(np.stack([load_square(path, size_px) for path in paths]))
