"""Where lips, brows, blush, beard and wrinkles lie: masks painted in the head's own space.

Masks live on the frontal plane of the neutral ('canonical') head, so that paint has no seams and
moves with the expression. Also the noise textures from which strands and pores are made.
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
(LIPS, BROW_ALONG, BROW_ACROSS, BLUSH, EYE_SHADOW, BEARD, BAGS, LID_CREASE) = range(8)
(FOREHEAD_LINES, FROWN_LINES, CHEEK_FOLDS, EYE_LINES, NOSE_LINES) = range(8, 13)
NUM_CHANNELS = 13


def paint_face(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks [68, 3] of the neutral head in cm -> masks [height, width, NUM_CHANNELS]."""
    y, x = np.mgrid[0 : TEXTURE_SHAPE[0], 0 : TEXTURE_SHAPE[1]]
    x = (x + 0.5) / TEXELS_PER_CM + LEFT_CM
    y = (y + 0.5) / TEXELS_PER_CM + BOTTOM_CM
    points = landmarks[:, :2]
    masks = np.zeros((*TEXTURE_SHAPE, NUM_CHANNELS), np.float32)
    masks[..., LIPS] = _fill(_outline_lips(points), 0.05)
    right, left = _paint_brow(points[17:22], x, y), _paint_brow(points[22:27], x, y)
    masks[..., BROW_ALONG : BROW_ACROSS + 1] = np.where(x[..., None] < 0, right, left)

    def spot(cx: float, cy: float, sx: float, sy: float) -> np.ndarray:
        return np.exp(-0.5 * (((np.abs(x) - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))

    masks[..., BLUSH] = spot(4.6, 0.2, 1.7, 1.4) + 0.8 * spot(0.0, 0.4, 1.0, 1.0)
    masks[..., EYE_SHADOW] = spot(3.15, 3.3, 1.5, 0.95)
    masks[..., LID_CREASE] = spot(3.1, 4.2, 1.3, 0.4)
    masks[..., BAGS] = spot(3.0, 2.35, 1.2, 0.35)
    masks[..., BEARD] = _paint_beard(masks[..., LIPS], points)
    masks[..., FOREHEAD_LINES] = _paint_forehead_lines(x, y)
    frown = spot(0.75, 6.0, 0.10, 0.75) + 0.7 * spot(0.35, 5.7, 0.08, 0.5)
    masks[..., FROWN_LINES] = np.clip(frown, 0, 1)
    masks[..., CHEEK_FOLDS] = _stroke([(1.7, 0.6), (2.4, -0.6), (3.0, -1.9), (3.25, -3.0)], 0.16)
    fans = [_stroke([(5.3, 3.4 + d * 0.3), (6.2, 3.4 + d)], 0.06) for d in (-0.7, 0.0, 0.8)]
    masks[..., EYE_LINES] = np.clip(sum(fans), 0, 1)
    bridge = [_stroke([(0.15, h), (1.0, h + 0.35)], 0.07) for h in (3.6, 4.3)]
    masks[..., NOSE_LINES] = np.clip(sum(bridge) + 0.8 * spot(1.15, 2.6, 0.1, 0.6), 0, 1)
    return np.ascontiguousarray(masks)


def _to_texels(points: np.ndarray) -> np.ndarray:
    return (np.asarray(points)[:, :2] - (LEFT_CM, BOTTOM_CM)) * TEXELS_PER_CM


def _fill(polygon: np.ndarray, blur_cm: float) -> np.ndarray:
    image = np.zeros(TEXTURE_SHAPE, np.float32)
    corners = np.round(_to_texels(polygon) * 16).astype(np.int32)
    cv2.fillPoly(image, [corners], (1.0,), shift=4, lineType=cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), blur_cm * TEXELS_PER_CM)


def _stroke(points: list[tuple[float, float]], width_cm: float) -> np.ndarray:
    """A soft smooth line through points of the viewer's right half, mirrored to the left."""
    points_array = np.array(points)
    steps = np.linspace(0, len(points) - 1, 60)
    if len(points) > 2:
        curve = CubicSpline(np.arange(len(points)), points_array)(steps)
    else:
        curve = points_array[0] + (points_array[1] - points_array[0]) * steps[:, None]
    image = np.zeros(TEXTURE_SHAPE, np.float32)
    for side in (1, -1):
        texels = np.round(_to_texels(curve * (side, 1)) * 16).astype(np.int32)
        thickness = max(1, round(width_cm * TEXELS_PER_CM))
        cv2.polylines(image, [texels], False, (1.0,), thickness, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(image, (0, 0), width_cm * TEXELS_PER_CM * 0.6)


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


def _paint_forehead_lines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    arch = y - 0.10 * np.cos(x / 4.2 * np.pi)
    lines = sum(np.exp(-0.5 * ((arch - height) / 0.09) ** 2) for height in (7.6, 8.5, 9.4))
    return lines * np.exp(-((np.abs(x) / 4.4) ** 4))


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
