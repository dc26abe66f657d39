"""Soft light is found for some of the pixels and enlarged without crossing edges of depth.

Compiled by numba.
"""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.kernels import compile_kernel


def find_coarseness(size_px: int) -> int:
    """Every how many pixels of a buffer of size_px soft light is found."""
    return max(1, min(3, round(size_px / 500)))


def make_spiral(count: int) -> np.ndarray:
    """Points [count, 2] that fill the unit disc evenly (Vogel 1979)."""
    number = np.arange(count)
    radius, angle = np.sqrt((number + 0.5) / count), number * math.pi * (3 - math.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32)


def take_coarse(buffer: np.ndarray) -> np.ndarray:
    """Every so many pixels of [h, h, ...]."""
    step = find_coarseness(len(buffer))
    return np.ascontiguousarray(buffer[step // 2 :: step, step // 2 :: step])


@compile_kernel
def _smooth(depth, open_, out):
    """Mean over 5 x 5 pixels of similar depth."""
    size = depth.shape[0]
    for y in range(size):
        for x in range(size):
            z = depth[y, x]
            total = weights = 0.0
            for yi in range(max(0, y - 2), min(size, y + 3)):
                for xi in range(max(0, x - 2), min(size, x + 3)):
                    gap = depth[yi, xi] - z
                    weight = 1 / (1 + 6 * gap * gap)
                    total += weight * open_[yi, xi]
                    weights += weight
            out[y, x] = total / weights


@compile_kernel
def _enlarge(small_depth, small, depth, out):
    """Bilinear, but among neighbours of similar depth: [n, n] -> out [large, large]."""
    size, large = small.shape[0], out.shape[0]
    ratio = size / large
    for y in range(large):
        v = (y + 0.5) * ratio - 0.5
        yi = min(size - 2, max(0, math.floor(v)))
        fy = min(1.0, max(0.0, v - yi))
        for x in range(large):
            z = depth[y, x]
            if z < -1e8:
                out[y, x] = 1.0
                continue
            u = (x + 0.5) * ratio - 0.5
            xi = min(size - 2, max(0, math.floor(u)))
            fx = min(1.0, max(0.0, u - xi))
            total = weights = 0.0
            for dy in range(2):
                for dx in range(2):
                    weight = (fy if dy else 1 - fy) * (fx if dx else 1 - fx)
                    gap = small_depth[yi + dy, xi + dx] - z
                    weight = (weight + 1e-4) / (0.02 + gap * gap)
                    total += weight * small[yi + dy, xi + dx]
                    weights += weight
            out[y, x] = total / weights


def enlarge(small_depth: np.ndarray, small: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Smooth values [n, n] among pixels of similar depth, then enlarge them to depth [h, h]."""
    smooth, out = np.empty_like(small), np.empty_like(depth)
    _smooth(small_depth, small, smooth)
    _enlarge(small_depth, smooth, depth, out)
    return out
