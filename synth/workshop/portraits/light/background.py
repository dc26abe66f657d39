"""What is behind a face: one wall colour, light that falls across it, and a large disc."""

from __future__ import annotations

import math

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.colour import mix_oklab


def choose_wall(face: FaceParameters) -> np.ndarray:
    """Linear RGB [3] of the wall: muted where it is dark, never neon."""
    a, b = face["background_a"], face["background_b"]
    chroma = 0.070 / math.sqrt(1 + 0.6 * (a * a + b * b))
    # Yellows are light, or they would be mud; greens lean to blue.
    light = 0.66 + 0.12 * math.tanh(0.8 * face["background"]) + 0.9 * chroma * max(b, 0.0)
    return mix_oklab(light, chroma * (a + 0.25 * max(b, 0.0)), chroma * b)


def make_background(face: FaceParameters, size_px: int) -> np.ndarray:
    """-> [size_px, size_px, 3] linear RGB."""
    grid = (2 * np.arange(size_px, dtype=np.float32) + 1) / size_px - 1
    x, y = grid[None, :], grid[:, None]
    slope = math.tanh(0.8 * face["background_slope"])
    wall = choose_wall(face)
    pool = 0.70 + 0.36 * np.exp(-((x - 0.3 * slope) ** 2 + (y + 0.15) ** 2) / 1.1)
    fall = pool * np.exp(-0.22 * y + 0.22 * slope * x)
    # A disc like a paper sun behind the head; its edge is as sharp as a render's.
    distance = np.sqrt((x + 0.16 * slope) ** 2 + (y + 0.10) ** 2)
    disc = np.clip((0.86 - distance) * size_px / 3 + 0.5, 0, 1)
    lift = 1 + 0.30 * abs(slope) * disc
    picture = wall.astype(np.float32) * (fall * lift)[..., None]
    return np.ascontiguousarray(picture, np.float32)
