"""Where brows and beard lie: masks painted in the head's own space.

Masks live on the frontal plane of the neutral ('canonical') head, so that paint has no seams and
moves with the expression. Also the noise textures from which strands are made.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import KDTree

TEXELS_PER_CM = 40
LEFT_CM, BOTTOM_CM, WIDTH_CM, HEIGHT_CM = -10.0, -10.0, 20.0, 24.0
TEXTURE_SHAPE = (int(HEIGHT_CM * TEXELS_PER_CM), int(WIDTH_CM * TEXELS_PER_CM))

# Channels of the painted texture.
(BROW_ALONG, BROW_ACROSS, BEARD) = range(3)
NUM_CHANNELS = 3


def paint_face(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks [68, 3] of the neutral head in cm -> masks [height, width, NUM_CHANNELS]."""
    y, x = np.mgrid[0 : TEXTURE_SHAPE[0], 0 : TEXTURE_SHAPE[1]]
    x = (x + 0.5) / TEXELS_PER_CM + LEFT_CM
    y = (y + 0.5) / TEXELS_PER_CM + BOTTOM_CM
    points = landmarks[:, :2]
    masks = np.zeros((*TEXTURE_SHAPE, NUM_CHANNELS), np.float32)
    right, left = _paint_brow(points[17:22], x, y), _paint_brow(points[22:27], x, y)
    masks[..., BROW_ALONG : BROW_ACROSS + 1] = np.where(x[..., None] < 0, right, left)
    masks[..., BEARD] = _paint_beard(_fill(_outline_lips(points), 0.05), points)
    return np.ascontiguousarray(masks)


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


def _paint_brow(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Brow coordinates [h, w, 2]: 0 inner to 1 outer end, and cm above the brow's line."""
    side = np.sign(points[:, 0].mean())
    line = points[np.argsort(points[:, 0] * side)].astype(np.float64)
    line[0] += (-0.30 * side, -0.16)
    line[-1] += (0.20 * side, -0.22)
    line[:, 1] -= 0.12
    curve = CubicSpline(np.arange(5), line)(np.linspace(0, 4, 160))
    tangent = np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    near = (np.abs(y - 6) < 3) & (x * side > -0.5)
    pixels = np.stack([x[near], y[near]], 1)
    _, nearest = KDTree(curve).query(pixels)
    offset = pixels - curve[nearest]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) * side
    at_end = (nearest == 0) | (nearest == 159)
    beyond = np.where(at_end, (offset * tangent[nearest]).sum(1) * 0.25, 0)
    out = np.empty((*x.shape, 2), np.float32)
    out[..., 0], out[..., 1] = -1.0, 9.0
    out[near] = np.stack([nearest / 159.0 + beyond, (offset * normal[nearest]).sum(1)], 1)
    return out


def _paint_beard(lips: np.ndarray, points: np.ndarray) -> np.ndarray:
    half = [(8, 1.8), (6.8, -0.8), (5.2, -2.3), (3.6, -2.3), (2.4, -1.3), (0, -1.35)]
    mirrored = [(-x, y) for x, y in reversed(half[:-1])]
    zone = _fill(np.array([*half, *mirrored, (-9, -7.6), (9, -7.6)]), 0.4)
    gap = np.exp(-0.5 * ((np.linspace(LEFT_CM, LEFT_CM + WIDTH_CM, TEXTURE_SHAPE[1]) / 1.6) ** 2))
    rows = np.linspace(BOTTOM_CM, BOTTOM_CM + HEIGHT_CM, TEXTURE_SHAPE[0])
    below_lip = np.exp(-0.5 * ((rows - (points[57, 1] - 0.55)) / 0.35) ** 2)
    return np.clip(zone * (1 - 0.5 * below_lip[:, None] * gap), 0, 1) * (1 - lips)


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
