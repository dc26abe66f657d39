"""Ambient occlusion: how much of the sky a pixel sees past what is near it.

From depth and normals, after McGuire et al., "The Alchemy Screen-Space Ambient Obscurance
Algorithm" (2011), at a small and a large radius. Compiled by numba.
"""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.light.coarse import enlarge, find_coarseness, make_spiral, take_coarse

#: Radius in cm and strength of each layer.
LAYERS = np.array([(0.9, 2.0), (4.5, 2.5)], np.float32)
SPIRAL = make_spiral(18)


@compile_kernel
def _occlude(depth, normals, px_per_cm, layers, spiral, open_):
    """depth [n, n] cm, normals [n, n, 3] -> open_ [n, n], 0 to 1."""
    size = depth.shape[0]
    for y in range(size):
        for x in range(size):
            z = depth[y, x]
            if z < -1e8:
                open_[y, x] = 1.0
                continue
            n0, n1, n2 = normals[y, x, 0], normals[y, x, 1], normals[y, x, 2]
            scale = 1 / math.sqrt(n0 * n0 + n1 * n1 + n2 * n2 + 1e-12)
            dark = 0.0
            for layer in range(layers.shape[0]):
                reach, strength = layers[layer, 0], layers[layer, 1]
                total = 0.0
                for k in range(spiral.shape[0]):
                    dx, dy = spiral[k, 0] * reach, spiral[k, 1] * reach
                    xi, yi = int(x + 0.5 + dx * px_per_cm), int(y + 0.5 - dy * px_per_cm)
                    if not (0 <= xi < size and 0 <= yi < size):
                        continue
                    dz = depth[yi, xi] - z
                    if dz < -1e8:
                        continue
                    far = dx * dx + dy * dy + dz * dz + 1e-6
                    rise = (dx * n0 + dy * n1 + dz * n2) * scale / math.sqrt(far)
                    total += max(0.0, rise - 0.12) / (1 + far / (reach * reach))
                dark += strength * total / spiral.shape[0]
            open_[y, x] = math.exp(-1.7 * dark)


def find_occlusion(depth: np.ndarray, normals: np.ndarray, px_per_cm: float) -> np.ndarray:
    """How open each pixel is, 0 to 1: depth [h, h] in cm (FAR: nothing), normals [h, h, 3]."""
    near, facing = take_coarse(depth), take_coarse(normals)
    open_ = np.empty_like(near)
    _occlude(near, facing, px_per_cm / find_coarseness(len(depth)), LAYERS, SPIRAL, open_)
    return enlarge(near, open_, depth)
