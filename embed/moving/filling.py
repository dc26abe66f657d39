"""Values known in some places of a grid -> smooth values everywhere: pull and push.

Pull (Gortler et al., "The Lumigraph", 1996): ever coarser grids hold weighted means of what is
known; push: from coarse to fine, places that are not known take the coarser value. A few rounds of
averaging then make a membrane of them.
"""

from __future__ import annotations

import cv2
import numpy as np

#: Below this side a grid is a mean.
COARSEST_PX = 4
ROUNDS = 8


def fill_smoothly(values: np.ndarray, weights: np.ndarray, rounds: int = ROUNDS) -> np.ndarray:
    """Values [n, n, k] where weights [n, n] (0 to 1) are 0 become smooth; others stay."""
    weights = weights.astype(np.float32)[..., None]
    held = values.astype(np.float32) * weights
    side = values.shape[0]
    if side <= COARSEST_PX:
        total = float(weights.sum())
        mean = held.sum((0, 1)) / max(total, 1e-9)
        return held + (1 - weights) * mean
    half = (side // 2, side // 2)
    small_weights = cv2.resize(weights, half, interpolation=cv2.INTER_AREA)[..., None]
    small = _resize(held, half, cv2.INTER_AREA) / np.maximum(small_weights, 1e-6)
    coarse = fill_smoothly(small, np.minimum(1, 4 * small_weights[..., 0]), rounds)
    filled = held + (1 - weights) * _resize(coarse, (side, side), cv2.INTER_LINEAR)
    for _ in range(rounds):
        mean = cv2.blur(filled, (3, 3)).reshape(filled.shape)
        filled = held + (1 - weights) * mean
    return filled


def _resize(values: np.ndarray, size: tuple[int, int], method: int) -> np.ndarray:
    return cv2.resize(values, size, interpolation=method).reshape(*size, -1)


def fade_out(inside: np.ndarray, reach_px: float) -> np.ndarray:
    """1 in a mask [n, n], falling smoothly to 0 `reach_px` outside of it; exactly 0 beyond."""
    outside = (inside <= 0).astype(np.uint8)
    if not outside.any():
        return np.ones(inside.shape, np.float32)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
    t = np.clip(1 - away / reach_px, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
