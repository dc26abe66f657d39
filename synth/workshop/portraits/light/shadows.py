"""Shadows of the key light, sharp near what throws them and soft far from it.

Percentage-closer soft shadows (Fernando, "Percentage-Closer Soft Shadows", 2005): a search for
what is in the way tells how wide the penumbra is, and a filter of that width how much light comes
through. Compiled by numba.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.light.coarse import enlarge, make_spiral, take_coarse
from synth.workshop.portraits.rasterise import FAR, draw_triangles

SHADOW_TEXELS, SHADOW_EXTENT_CM = 512, 46.0
TEXELS_PER_CM = SHADOW_TEXELS / SHADOW_EXTENT_CM
SEARCH_CM, LAMP_SIZE, LEAST_CM, MOST_CM = 1.3, 0.20, 0.16, 1.3


class ShadowMap(NamedTuple):
    """depth [n, n] seen from the key light; matrix [3, 4] from posed cm to texels and depth."""

    depth: np.ndarray
    matrix: np.ndarray


def draw_shadow_map(vertices: np.ndarray, triangles: np.ndarray, towards: np.ndarray) -> ShadowMap:
    """What the light from unit direction `towards` [3] sees of posed vertices [vertex, 3]."""
    right = np.cross(np.array([0, 1, 0], np.float32), towards)
    right /= np.linalg.norm(right)
    up = np.cross(towards, right)
    matrix = np.zeros((3, 4), np.float32)
    matrix[0, :3], matrix[1, :3] = right * TEXELS_PER_CM, -up * TEXELS_PER_CM
    matrix[2, :3] = towards
    matrix[:2, 3] = SHADOW_TEXELS / 2
    seen = (vertices @ matrix[:, :3].T + matrix[:, 3]).astype(np.float32)
    drawn = draw_triangles(seen, triangles, (SHADOW_TEXELS, SHADOW_TEXELS))
    return ShadowMap(drawn.depth, matrix)


SEARCH, FILTER = make_spiral(14), make_spiral(28)


@compile_kernel
def _compare(depth, x, y, z):
    """Share of light past depth at texel x, y for a point at z: bilinear over four texels."""
    size = depth.shape[0]
    xi, yi = math.floor(x), math.floor(y)
    if xi < 0 or yi < 0 or xi >= size - 1 or yi >= size - 1:
        return 1.0
    fx, fy = x - xi, y - yi
    upper = (1 - fx) * _pass(depth[yi, xi], z) + fx * _pass(depth[yi, xi + 1], z)
    lower = (1 - fx) * _pass(depth[yi + 1, xi], z) + fx * _pass(depth[yi + 1, xi + 1], z)
    return (1 - fy) * upper + fy * lower


@compile_kernel
def _pass(blocker, z):
    return 1.0 - min(1.0, max(0.0, (blocker - z) * 5))


@compile_kernel
def _find_visible(covered, surface, shadow, search, spiral, visible):
    """Share of the key light at covered pixels -> visible [h, w].

    surface [h, w, 9]: normal, canonical point, posed point.
    """
    height, width = visible.shape
    depth, m = shadow
    size = depth.shape[0]
    for row in range(height):
        for column in range(width):
            if not covered[row, column]:
                continue
            s = surface[row, column]
            scale = 1 / math.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2] + 1e-12)
            n0, n1, n2 = s[0] * scale, s[1] * scale, s[2] * scale
            facing = n0 * m[2, 0] + n1 * m[2, 1] + n2 * m[2, 2]
            if facing < -0.5:
                visible[row, column] = 0.0
                continue
            # Leave the surface, further where light grazes it, so that it does not shade itself.
            away = 0.06 + 0.34 * min(1.0, 1 - facing)
            p0, p1, p2 = s[6] + n0 * away, s[7] + n1 * away, s[8] + n2 * away
            x = m[0, 0] * p0 + m[0, 1] * p1 + m[0, 2] * p2 + m[0, 3] - 0.5
            y = m[1, 0] * p0 + m[1, 1] * p1 + m[1, 2] * p2 + m[1, 3] - 0.5
            z = m[2, 0] * p0 + m[2, 1] * p1 + m[2, 2] * p2 + 0.08
            found, total = 0.0, 0.0
            for k in range(search.shape[0]):
                xi = int(x + 0.5 + search[k, 0] * SEARCH_CM * TEXELS_PER_CM)
                yi = int(y + 0.5 + search[k, 1] * SEARCH_CM * TEXELS_PER_CM)
                if 0 <= xi < size and 0 <= yi < size and depth[yi, xi] > z:
                    share = min(1.0, (depth[yi, xi] - z) * 4)
                    found += share
                    total += share * depth[yi, xi]
            if found == 0:
                visible[row, column] = 1.0
                continue
            radius_cm = min(MOST_CM, max(LEAST_CM, (total / found - z) * LAMP_SIZE))
            radius = radius_cm * TEXELS_PER_CM
            light = 0.0
            for k in range(spiral.shape[0]):
                light += _compare(depth, x + spiral[k, 0] * radius, y + spiral[k, 1] * radius, z)
            visible[row, column] = light / spiral.shape[0]


def find_shadows(depth: np.ndarray, surface: np.ndarray, shadow: ShadowMap) -> np.ndarray:
    """Share of the key light that reaches each pixel of depth [h, h]; surface [h, h, 9]."""
    near = take_coarse(depth)
    visible = np.ones_like(near)
    _find_visible(near > FAR / 2, take_coarse(surface), shadow, SEARCH, FILTER, visible)
    return enlarge(near, visible, depth)
