"""What is behind a face: a wall in soft light with large shapes far out of focus.

Only low frequencies: it is drawn small and enlarged, and every shape is a smooth function of the
parameters background, background_red, background_blue and background_slope.
"""

from __future__ import annotations

import cv2
import numpy as np

from synth.generators.bundled_parameters import FaceParameters

DRAWN_PX = 64


def _step(x: np.ndarray, softness: float) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(x / softness)


def make_background(face: FaceParameters, size_px: int) -> np.ndarray:
    """-> [size_px, size_px, 3] linear RGB."""
    y, x = np.mgrid[0:DRAWN_PX, 0:DRAWN_PX].astype(np.float32)
    x, y = (2 * x + 1) / DRAWN_PX - 1, (2 * y + 1) / DRAWN_PX - 1
    red, blue = np.tanh(face["background_red"]), np.tanh(face["background_blue"])
    slope = np.tanh(0.8 * face["background_slope"])
    bright = 0.17 * np.exp(0.55 * face["background"])
    wall = np.exp(np.array([0.15 * red, -0.04 * (red + blue), 0.17 * blue]))
    # Light falls across the wall from one upper corner and pools behind the head.
    fall = np.exp(-0.28 * y + 0.40 * slope * x)
    pool = 0.72 + 0.50 * np.exp(-((x - 0.25 * slope) ** 2 + (y + 0.1) ** 2) / 0.8)
    # A window or doorway at one side, a darker piece of furniture low at the other.
    pane = _step(x * slope - 0.42 + 0.12 * red, 0.16) * _step(0.75 - y, 0.30)
    low = _step(y - 0.30 - 0.15 * blue, 0.22) * _step(0.15 - x * slope, 0.30)
    glow = np.exp(-((x + 0.72 * slope) ** 2 + (y + 0.45 + 0.2 * red) ** 2) / 0.10)
    day, lamp = np.array([0.90, 1.0, 1.12]), np.array([1.25, 1.0, 0.72])
    wood = np.array([1.08, 0.98, 0.90])
    picture = wall * (fall * pool)[..., None]
    picture *= 1 - 0.42 * abs(slope) * low[..., None] * (1.1 - 0.3 * wood)
    picture += (0.62 * slope**2 * pane)[..., None] * day
    picture += (0.30 * slope**2 * (0.5 + 0.5 * blue) * glow)[..., None] * lamp
    large = cv2.resize(
        (bright * picture).astype(np.float32), (size_px, size_px), interpolation=cv2.INTER_CUBIC
    )
    return np.ascontiguousarray(large)
