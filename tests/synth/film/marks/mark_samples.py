"""Pictures to mark: smooth shapes with some texture, as drawn faces are."""

import cv2
import numpy as np


def make_picture(side_px: int = 320, seed: int = 0) -> np.ndarray:
    """uint8 [side, side, 3]: blobs of colour under a little grain."""
    random = np.random.default_rng(seed)
    coarse = random.integers(30, 226, (7, 7, 3), dtype=np.uint8)
    blobs = cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(random.normal(0, 12, (side_px, side_px, 1)), (0, 0), 1.0)
    return np.clip(blobs + grain[..., None], 0, 255).astype(np.uint8)
