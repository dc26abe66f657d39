"""Glasses as pixels: frame and lenses over the picture, and their shadow. Compiled by numba."""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.light.lights import Lights
from synth.workshop.portraits.rasterise import (
    FAR,
    Drawn,
    compile_kernel,
    draw_triangles,
    find_vertex_normals,
    spread,
)
from synth.workshop.portraits.scene import Camera
from synth.workshop.portraits.shading import add_light
from synth.workshop.portraits.skin.surfaces import ramp
from synth.workshop.portraits.worn.glasses import Glasses

METAL, ACETATE = np.array([0.20, 0.165, 0.125]), np.array([0.035, 0.021, 0.014])


@compile_kernel
def _shade_frame(drawn, normals, behind, rgb, gloss, opacity, lights, image):
    depth = drawn[0]
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            if depth[y, x] <= behind[y, x] - 0.03 or depth[y, x] < -1e8:
                continue
            n = normals[y, x]
            scale = 1 / math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] + 1e-12)
            n = (n[0] * scale, n[1] * scale, n[2] * scale)
            light = add_light(rgb, n, 0.2, gloss, 55.0, 0.9, 0.9, lights)
            for k in range(3):
                image[y, x, k] += opacity * (light[k] - image[y, x, k])


@compile_kernel
def _shade_lenses(drawn, places, behind, opacity, lights, image):
    """A little darker, with the window's broad soft reflection across each lens."""
    depth = drawn[0]
    aside = lights.directions[0, 0]
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            if depth[y, x] <= behind[y, x] or depth[y, x] < -1e8:
                continue
            u, v = places[y, x, 0], places[y, x, 1]
            band = (u * aside * 1.2 + 0.8 * v - 0.52) / 0.30
            shine = 0.010 * math.exp(-band * band * band * band)
            shine += 0.002 + 0.008 * ramp(0.75, 1.05, math.sqrt(u * u + v * v))
            for k in range(3):
                light = image[y, x, k] * 0.95 + shine * lights.colours[0, k]
                image[y, x, k] += opacity * (light - image[y, x, k])


def _draw_window(
    screen: np.ndarray, triangles: np.ndarray, attributes: np.ndarray, size_px: int
) -> tuple[tuple[slice, slice], Drawn, np.ndarray]:
    """Draw within the bounding box alone -> its rows and columns, buffers, attributes."""
    low = np.clip(np.floor(screen[:, :2].min(0)) - 1, 0, size_px - 1).astype(int)
    high = np.clip(np.ceil(screen[:, :2].max(0)) + 1, low + 1, size_px).astype(int)
    shape = int(high[1] - low[1]), int(high[0] - low[0])
    moved = (screen - np.array([*low, 0])).astype(np.float32)
    drawn = draw_triangles(moved, triangles, shape)
    window = slice(low[1], high[1]), slice(low[0], high[0])
    return window, drawn, spread(drawn, triangles, attributes)


def add_glasses(
    glasses: Glasses,
    camera: Camera,
    depth: np.ndarray,
    lights: Lights,
    image: np.ndarray,
) -> np.ndarray:
    """Draw over image [h, h, 3], where nearer than depth [h, h] -> the frame's own depth."""
    window, drawn, places = _draw_window(
        camera.find_screen(glasses.lenses), glasses.lens_triangles, glasses.lens_place, len(image)
    )
    _shade_lenses(drawn, places, depth[window], glasses.opacity, lights, image[window])
    normals = find_vertex_normals(glasses.frame, glasses.frame_triangles)
    window, drawn, bent = _draw_window(
        camera.find_screen(glasses.frame), glasses.frame_triangles, normals, len(image)
    )
    rgb = METAL ** (1 - glasses.shape) * ACETATE**glasses.shape
    rgb = tuple(float(value) for value in rgb)
    gloss = 0.40 - 0.22 * glasses.shape
    _shade_frame(drawn, bent, depth[window], rgb, gloss, glasses.opacity, lights, image[window])
    nearest = np.full_like(depth, FAR)
    if glasses.opacity > 0.5:
        nearest[window] = drawn.depth
    return nearest
