"""Triangles -> pixels: a z-buffer, barycentric attributes. Compiled by numba.

Screen coordinates are pixels with y down and pixel centres at .5; depth grows towards the viewer;
front faces have negative signed area. All arrays are float32 unless said otherwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.workshop.portraits.kernels import compile_kernel

FAR = np.float32(-1e9)


@compile_kernel
def fill_depth(screen, triangles, depth, index, weights):
    """Draw front-facing `triangles` [triangle, 3] with corners `screen` [vertex, 3] by depth.

    Updates depth [h, w], index [h, w] int32 (the triangle seen, -1 none) and weights [h, w, 2]
    (barycentric weights of its second and third corner).
    """
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, z0 = screen[a, 0], screen[a, 1], screen[a, 2]
        x1, y1, z1 = screen[b, 0], screen[b, 1], screen[b, 2]
        x2, y2, z2 = screen[c, 0], screen[c, 1], screen[c, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area >= -1e-9:
            continue
        left = max(0, math.ceil(min(x0, x1, x2) - 0.5))
        right = min(width - 1, math.floor(max(x0, x1, x2) - 0.5))
        top = max(0, math.ceil(min(y0, y1, y2) - 0.5))
        bottom = min(height - 1, math.floor(max(y0, y1, y2) - 0.5))
        inverse = 1.0 / area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5, y + 0.5
                w1 = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) * inverse
                w2 = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) * inverse
                if w1 < 0 or w2 < 0 or w1 + w2 > 1:
                    continue
                z = (1 - w1 - w2) * z0 + w1 * z1 + w2 * z2
                if z > depth[y, x]:
                    depth[y, x] = z
                    index[y, x] = t
                    weights[y, x, 0] = w1
                    weights[y, x, 1] = w2


@compile_kernel
def interpolate(index, weights, triangles, attributes, out):
    """Attributes [vertex, k] at every covered pixel -> out [h, w, k]."""
    height, width = index.shape
    for y in range(height):
        for x in range(width):
            t = index[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            w1, w2 = weights[y, x, 0], weights[y, x, 1]
            w0 = 1 - w1 - w2
            for k in range(attributes.shape[1]):
                out[y, x, k] = w0 * attributes[a, k] + w1 * attributes[b, k] + w2 * attributes[c, k]


class Drawn(NamedTuple):
    """depth [h, w], FAR where there is nothing; index [h, w] int32 of the triangle seen, -1 none;
    weights [h, w, 2] of its second and third corner."""

    depth: np.ndarray
    index: np.ndarray
    weights: np.ndarray


def draw_triangles(screen: np.ndarray, triangles: np.ndarray, shape: tuple[int, int]) -> Drawn:
    """Front-facing triangles [triangle, 3], corners screen [vertex, 3] -> buffers of `shape`."""
    depth = np.full(shape, FAR, np.float32)
    index = np.full(shape, -1, np.int32)
    weights = np.zeros((*shape, 2), np.float32)
    fill_depth(screen, np.ascontiguousarray(triangles), depth, index, weights)
    return Drawn(depth, index, weights)


def spread(drawn: Drawn, triangles: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    """Attributes [vertex, k] of the triangles that were drawn -> pixels [h, w, k], else 0."""
    out = np.zeros((*drawn.index.shape, attributes.shape[1]), np.float32)
    interpolate(
        drawn.index, drawn.weights, np.ascontiguousarray(triangles),
        np.ascontiguousarray(attributes), out,
    )  # fmt: skip
    return out


@compile_kernel
def find_vertex_normals(vertices, triangles):
    """Area-weighted unit normals [vertex, 3]."""
    normals = np.zeros_like(vertices)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        e0 = vertices[b, 0] - vertices[a, 0]
        e1 = vertices[b, 1] - vertices[a, 1]
        e2 = vertices[b, 2] - vertices[a, 2]
        f0 = vertices[c, 0] - vertices[a, 0]
        f1 = vertices[c, 1] - vertices[a, 1]
        f2 = vertices[c, 2] - vertices[a, 2]
        n0, n1, n2 = e1 * f2 - e2 * f1, e2 * f0 - e0 * f2, e0 * f1 - e1 * f0
        for k in (a, b, c):
            normals[k, 0] += n0
            normals[k, 1] += n1
            normals[k, 2] += n2
    for i in range(normals.shape[0]):
        n0, n1, n2 = normals[i, 0], normals[i, 1], normals[i, 2]
        scale = 1 / math.sqrt(n0 * n0 + n1 * n1 + n2 * n2 + 1e-20)
        normals[i, 0] *= scale
        normals[i, 1] *= scale
        normals[i, 2] *= scale
    return normals
