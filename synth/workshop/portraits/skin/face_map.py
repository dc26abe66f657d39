"""The frame of what is drawn on the face: a map over the frontal plane of the neutral head.

Everything on it sticks to the skin: it moves with expression and pose, and has no seam where the
face looks forwards. Maps are int8, 127 standing for 1, so that all of a texel's channels fit one
cache line.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

TEXELS_PER_CM = 56
LEFT_CM, BOTTOM_CM, WIDTH_CM, HEIGHT_CM = -8.6, -9.0, 17.2, 21.5
SHAPE = (round(HEIGHT_CM * TEXELS_PER_CM), round(WIDTH_CM * TEXELS_PER_CM))


def make_grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y in cm [height, width] of all texels' centres."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32)
    return (x + 0.5) / TEXELS_PER_CM + LEFT_CM, (y + 0.5) / TEXELS_PER_CM + BOTTOM_CM


def to_texels(points: np.ndarray) -> np.ndarray:
    """Points [n, 2 or 3] in cm -> texels [n, 2], x first."""
    return (np.asarray(points)[:, :2] - (LEFT_CM, BOTTOM_CM)) * TEXELS_PER_CM


def blur(image: np.ndarray, width_cm: float) -> np.ndarray:
    """Gaussian blur of standard deviation `width_cm`."""
    return cv2.GaussianBlur(image, (0, 0), width_cm * TEXELS_PER_CM)


def fill(polygon: np.ndarray, blur_cm: float) -> np.ndarray:
    """A polygon [n, 2] in cm, filled with 1, blurred at the edge [height, width]."""
    image = np.zeros(SHAPE, np.uint8)
    corners = np.round(to_texels(polygon) * 16).astype(np.int32)
    cv2.fillPoly(image, [corners], (255,), shift=4, lineType=cv2.LINE_AA)
    return blur(image.astype(np.float32) / 255, blur_cm)


def stroke(points: list[tuple[float, float]], width_cm: float, taper: float = 1.0) -> np.ndarray:
    """A soft curve of Gaussian profile through points of the viewer's right half, mirrored.

    It is 1 on the curve, `width_cm` is the profile's standard deviation, and the ends fade over
    `taper` (0 none, 1 from the middle on).
    """
    knots = np.array(points, np.float64)
    steps = np.linspace(0, len(points) - 1, 600)
    curve = CubicSpline(np.arange(len(points)), knots)(steps) if len(points) > 2 else None
    if curve is None:
        curve = knots[0] + (knots[1] - knots[0]) * steps[:, None]
    weight = np.sin(np.linspace(0, np.pi, 600)) ** (0.8 * taper)
    weight *= np.linalg.norm(np.gradient(curve, axis=0), axis=1) * TEXELS_PER_CM
    image = np.zeros(SHAPE, np.float32)
    for side in (1, -1):
        texels = to_texels(curve * (side, 1)) - 0.5
        low = np.floor(texels).astype(int)
        part = texels - low
        for dx in (0, 1):
            for dy in (0, 1):
                share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
                row = np.clip(low[:, 1] + dy, 0, SHAPE[0] - 1)
                column = np.clip(low[:, 0] + dx, 0, SHAPE[1] - 1)
                np.add.at(image, (row, column), share * weight)
    return blur(image, width_cm) * (np.sqrt(2 * np.pi) * width_cm * TEXELS_PER_CM)


def pack(channels: list[np.ndarray]) -> np.ndarray:
    """Images of -1 to 1 -> int8 [height, width, channel]."""
    packed = np.empty((*channels[0].shape, len(channels)), np.int8)
    for k, channel in enumerate(channels):
        packed[..., k] = np.rint(np.clip(channel, -1, 1) * np.float32(127))
    return packed


def make_smooth_noise(width_cm: float, seed: int) -> np.ndarray:
    """Noise of unit deviation with features of about `width_cm` [height, width]."""
    rng = np.random.default_rng(seed)
    shape = (int(HEIGHT_CM / width_cm) + 3, int(WIDTH_CM / width_cm) + 3)
    coarse = rng.normal(size=shape).astype(np.float32)
    fine = cv2.resize(coarse, (SHAPE[1], SHAPE[0]), interpolation=cv2.INTER_CUBIC)
    return (fine - fine.mean()) / fine.std()
