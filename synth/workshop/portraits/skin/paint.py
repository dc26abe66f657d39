"""Where a beard grows: a mask painted in the head's own space.

It lives on the frontal plane of the neutral ('canonical') head, so that paint has no seams and
moves with the expression. Also the noise textures from which strands are made.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

TEXELS_PER_CM = 40
LEFT_CM, BOTTOM_CM, WIDTH_CM, HEIGHT_CM = -10.0, -10.0, 20.0, 24.0
TEXTURE_SHAPE = (int(HEIGHT_CM * TEXELS_PER_CM), int(WIDTH_CM * TEXELS_PER_CM))

#: The beard's outline on the viewer's right, from the middle under the nose: moustache, cheek
#: line, sideburn, and back along jaw and neck.
_BEARD_EDGE = (
    (0.0, -1.30), (1.2, -1.25), (2.3, -1.75), (3.3, -2.7), (4.4, -2.75), (5.6, -1.9), (6.6, -0.4),
    (7.1, 1.8), (8.0, 1.8), (8.0, -2.0), (6.6, -5.2), (5.0, -7.1), (3.0, -8.3), (0.0, -8.9),
)  # fmt: skip


def paint_beard(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks [68, 3] of the neutral head, cm -> how densely a beard may grow [h, w], 0 to 1."""
    right = np.array(_BEARD_EDGE)
    zone = _fill(np.concatenate([right, right[::-1] * (-1, 1)]), 0.25)
    x = np.linspace(LEFT_CM, LEFT_CM + WIDTH_CM, TEXTURE_SHAPE[1])[None]
    y = np.linspace(BOTTOM_CM, BOTTOM_CM + HEIGHT_CM, TEXTURE_SHAPE[0])[:, None]
    low = landmarks[57, 1]
    # Below the lip hair grows in the middle (the soul patch) and less beside it.
    bare = np.exp(-(((y - (low - 0.75)) / 0.55) ** 2)) * np.exp(-(((np.abs(x) - 1.5) / 0.75) ** 4))
    groove = np.exp(-((x / 0.22) ** 2)) * np.exp(-(((y + 1.8) / 0.6) ** 2))
    lips = np.clip(_fill(_outline_lips(landmarks[:, :2]), 0.14) * 2, 0, 1)
    grown = zone * (1 - 0.5 * bare) * (1 - 0.25 * groove) * (1 - lips)
    return np.ascontiguousarray(grown, np.float32)


def look_up_mask(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A painted mask [h, w] at points [n, 2] in cm, to the nearest texel [n]."""
    texels = np.round(_to_texels(points) - 0.5).astype(int)
    column, row = (texels[:, k].clip(0, TEXTURE_SHAPE[1 - k] - 1) for k in (0, 1))
    return np.asarray(mask[row, column])


def _to_texels(points: np.ndarray) -> np.ndarray:
    return (np.asarray(points)[:, :2] - (LEFT_CM, BOTTOM_CM)) * TEXELS_PER_CM


def _fill(polygon: np.ndarray, blur_cm: float) -> np.ndarray:
    image = np.zeros(TEXTURE_SHAPE, np.float32)
    corners = np.round(_to_texels(polygon) * 16).astype(np.int32)
    cv2.fillPoly(image, [corners], (1.0,), shift=4, lineType=cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), blur_cm * TEXELS_PER_CM)


def _outline_lips(points: np.ndarray) -> np.ndarray:
    upper = CubicSpline(np.arange(7), points[48:55])(np.linspace(0, 6, 80))
    lower_points = np.vstack([points[54:60], points[48:49]])
    lower = CubicSpline(np.arange(7), lower_points)(np.linspace(0, 6, 80))
    return np.vstack([upper, lower])


def make_noise(size: int = 512, seed: int = 0) -> np.ndarray:
    """Three tileable noise textures of zero mean and unit deviation [size, size, 3].

    Channel 0 mixes four octaves, channel 1 is coarse, channel 2 fine.
    """
    octaves = ((8, 0.4), (16, 0.3), (32, 0.2), (128, 0.1))
    channels = [
        sum(_make_value_noise(size, cells, seed + cells) * share for cells, share in octaves),
        _make_value_noise(size, 16, seed + 1),
        _make_value_noise(size, 128, seed + 2),
    ]
    noise = np.stack(channels, -1).astype(np.float32)
    return np.ascontiguousarray((noise - noise.mean((0, 1))) / noise.std((0, 1)))


def _make_value_noise(size: int, cells: int, seed: int) -> np.ndarray:
    grid = np.random.default_rng(seed).random((cells, cells)).astype(np.float32)
    tiled = np.pad(grid, 2, mode="wrap")
    scale = size / cells
    smooth = cv2.resize(tiled, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    start = int(2 * scale)
    return smooth[start : start + size, start : start + size]
