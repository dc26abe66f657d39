"""Where the skin is redder, yellower, oilier or spotted: colour zones as portrait painters teach.

Channels of the face map with values 0 to 1 (MOTTLE -1 to 1). Also the fine grain of the skin, a
tileable relief of pores and lines.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

from synth.workshop.portraits.skin.face_map import (
    TEXELS_PER_CM,
    blur,
    fill,
    make_grid,
    make_smooth_noise,
    stroke,
    to_texels,
)

(LIPS, LIP_LINE, RED, WARM, COOL, LID, LID_RIM, BAG, PORES, OIL) = range(10)
(FRECKLES, AGE_SPOTS, MOLES, EYE_SHADOW, BLUSH, MOTTLE) = range(10, 16)
NUM_ZONES = 16

GRAIN_TEXELS = 1024
GRAIN_TEXELS_PER_CM = 80.0


def make_zones(landmarks: np.ndarray) -> list[np.ndarray]:
    """Landmarks [68, 3] of the neutral head in cm -> all channels [height, width]."""
    x, y = make_grid()
    points = landmarks[:, :2]
    side = np.abs(x)

    def spot(cx: float, cy: float, sx: float, sy: float) -> np.ndarray:
        return np.exp(-0.5 * (((side - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))

    lips = fill(_outline_lips(points), 0.045)
    lids, rim = _paint_lids(points, x, y)
    nose = spot(0.0, 0.3, 1.0, 1.0)
    zones = {
        LIPS: lips,
        LIP_LINE: _paint_lip_line(points),
        RED: spot(4.3, 0.3, 1.9, 1.5) + 0.9 * nose + 0.55 * spot(0, -6.2, 1.3, 0.8)
        + 0.4 * spot(1.4, -0.6, 0.5, 0.5) + 0.35 * spot(3.1, 3.0, 1.9, 0.8),
        WARM: spot(0, 8.5, 4.5, 1.8),
        COOL: spot(4.4, -4.2, 1.8, 1.7) + spot(0, -5.8, 3.0, 1.1) + 0.8 * spot(0, -1.8, 1.8, 0.5),
        LID: lids,
        LID_RIM: rim,
        BAG: spot(2.9, 2.2, 1.15, 0.42) + 0.6 * spot(1.6, 2.9, 0.35, 0.5),
        PORES: (0.25 + 0.75 * spot(0.5, 0.6, 1.2, 1.4) + 0.75 * spot(3.0, 0.3, 1.5, 1.5)
                + 0.35 * spot(0, 8, 3, 2) + 0.4 * spot(0, -6.2, 2, 1)) * (1 - lips),
        OIL: spot(0, 8.2, 2.6, 1.6) + spot(0, 2.0, 0.55, 3.0) + 0.8 * nose
        + 0.45 * spot(3.9, 1.4, 1.1, 0.7) + 0.5 * spot(0, -6.3, 1.0, 0.7),
        FRECKLES: _scatter_spots(
            1700, (0.030, 0.068), 31, spot(3.2, 1.0, 2.3, 1.3) + 0.8 * nose + 0.15
        ),
        AGE_SPOTS: _scatter_spots(
            60, (0.12, 0.30), 32, spot(5.0, 2.5, 1.6, 2.5) + 0.6 * spot(2, 9, 3, 1.5)
        ),
        MOLES: _paint_moles(),
        EYE_SHADOW: spot(3.15, 4.15, 1.3, 0.32),
        BLUSH: spot(4.7, 0.5, 1.5, 1.1),
        MOTTLE: 0.20 * make_smooth_noise(2.2, 41) + 0.22 * make_smooth_noise(0.7, 42)
        + 0.15 * make_smooth_noise(0.25, 43),
    }  # fmt: skip
    return [zones[number].astype(np.float32) for number in range(NUM_ZONES)]


def _outline_lips(points: np.ndarray) -> np.ndarray:
    upper = CubicSpline(np.arange(7), points[48:55])(np.linspace(0, 6, 80))
    lower_points = np.vstack([points[54:60], points[48:49]])
    lower = CubicSpline(np.arange(7), lower_points)(np.linspace(0, 6, 80))
    return np.vstack([upper, lower])


def _paint_lip_line(points: np.ndarray) -> np.ndarray:
    """The dark line where the lips meet, out to a soft shade at the corners."""
    inner = points[[62, 63, 64]].astype(np.float64) * (1, 1)
    line = [(0.0, inner[0, 1] - 0.04), tuple(inner[1] - (0, 0.04)), tuple(inner[2] - (0, 0.02))]
    corner = stroke([(2.2, -3.5), (2.5, -3.52), (2.75, -3.62)], 0.12)
    return np.clip(stroke(line, 0.055, 0.0), 0, 1) + 0.5 * corner


def _paint_lids(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper lid with its crease, and the moist rim of both lids."""
    crease = stroke([(1.8, 3.75), (2.6, 4.38), (3.6, 4.42), (4.6, 3.75)], 0.09, 0.5)
    lid = np.exp(-0.5 * (((np.abs(x) - 3.15) / 1.2) ** 2 + ((y - 4.1) / 0.35) ** 2))
    rim = stroke([tuple(p) for p in points[[42, 47, 46, 45]].astype(np.float64)], 0.05, 0.3)
    return np.clip(0.55 * lid + 0.7 * crease, 0, 1), np.clip(rim, 0, 1)


def _scatter_spots(
    count: int, radius_cm: tuple[float, float], seed: int, density: np.ndarray
) -> np.ndarray:
    """Irregular spots, more of them where `density` [height, width] is high."""
    rng = np.random.default_rng(seed)
    chance = density.ravel() / density.sum()
    chosen = rng.choice(chance.size, count, p=chance)
    image = np.zeros(density.shape, np.float32)
    for place in chosen:
        row, column = divmod(int(place), density.shape[1])
        radius = rng.uniform(*radius_cm) * rng.uniform(0.5, 1.0) * TEXELS_PER_CM
        axes = (max(1, round(radius * rng.uniform(0.7, 1.3))), max(1, round(radius)))
        layer = float(rng.uniform(0.35, 1.0))
        cv2.ellipse(image, (column, row), axes, float(rng.uniform(0, 180)), 0, 360, (layer,), -1)
    ragged = blur(image, 0.024) * (1 + 0.3 * make_smooth_noise(0.06, seed + 7))
    return np.clip(ragged, 0, 1)


def _paint_moles() -> np.ndarray:
    places = ((3.9, -1.9, 0.075), (-2.3, -5.4, 0.05), (-5.2, 1.6, 0.06), (1.9, 7.6, 0.05))
    image = np.zeros_like(make_grid()[0])
    for x, y, radius in places:
        centre = to_texels(np.array([(x, y)]))[0]
        at = (round(float(centre[0])), round(float(centre[1])))
        cv2.circle(image, at, round(radius * TEXELS_PER_CM), (1.0,), -1)
    return blur(image, 0.02)


def make_grain(seed: int = 3) -> np.ndarray:
    """Tileable relief of skin [n, n, 4] int8: slopes along u and v, depth of pores, tone.

    Pores are pits at jittered places; between them runs a net of fine lines, where band-passed
    noise crosses zero.
    """
    n, rng = GRAIN_TEXELS, np.random.default_rng(seed)
    pits = np.zeros((n, n), np.float32)
    cells = 110
    spacing = n / cells
    column, row = np.meshgrid(np.arange(cells), np.arange(cells))
    jitter = rng.uniform(-0.45, 0.45, (cells, cells, 2))
    places = np.stack([column, row], -1) * spacing + (jitter + 0.5) * spacing
    at = np.floor(places).astype(int) % n
    np.add.at(pits, (at[..., 1], at[..., 0]), rng.uniform(0.2, 1.0, (cells, cells)))
    pits = _blur_tile(pits, 1.8)
    pits /= pits.max() * 0.6
    band = rng.normal(size=(n, n)).astype(np.float32)
    band = _blur_tile(band, 2.6) - _blur_tile(band, 5.5)
    net = np.exp(-np.abs(band / band.std()) / 0.22)
    coarse = _blur_tile(rng.normal(size=(n, n)).astype(np.float32), 9.0)
    height = -0.0075 * pits - 0.0030 * _blur_tile(net, 0.8) + 0.0035 * coarse / coarse.std()
    slope_y, slope_x = np.gradient(np.pad(height, 1, mode="wrap"), 1 / GRAIN_TEXELS_PER_CM)
    tone = _blur_tile(rng.normal(size=(n, n)).astype(np.float32), 3.0)
    layers = (slope_x[1:-1, 1:-1], slope_y[1:-1, 1:-1], pits, 0.4 * tone / tone.std())
    stacked = np.clip(np.stack(layers, -1), -1, 1)
    return np.ascontiguousarray(np.round(stacked * 127).astype(np.int8))


def _blur_tile(image: np.ndarray, width: float) -> np.ndarray:
    pad = int(4 * width) + 2
    return cv2.GaussianBlur(np.pad(image, pad, mode="wrap"), (0, 0), width)[pad:-pad, pad:-pad]
