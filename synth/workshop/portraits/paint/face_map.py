"""A map of the neutral face seen from in front: lips, blush, freckles, shadow, folds.

In: landmarks of the neutral head. Out: channels [row, column, channel] float32 over x and y in cm;
what is sharp is kept as a distance, so that it stays sharp at every size.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

LEFT_CM, RIGHT_CM, LOW_CM, HIGH_CM = -9.0, 9.0, -11.0, 13.0
TEXELS_PER_CM = 24.0
LIP, BLUSH, FRECKLE, SHADOW, STUBBLE, WARM = range(6)
FOREHEAD, FROWN, CHEEK_FOLD, EYE_FAN, NOSE, EYE_BAG, MOUTH, CHIN = range(6, 14)
NUM_CHANNELS = 14
#: Curves are measured this far round them; beyond, nothing of them is left.
_BOX_CM = 1.3


class Fold(NamedTuple):
    """A crease along points (x, y) in cm, with its width; mirrored."""

    group: int
    points: tuple[tuple[float, float], ...]
    width: float
    strength: float = 1.0


def _make_folds(mark: np.ndarray) -> list[Fold]:
    """Folds placed by landmarks [68, 3]."""
    brow, outer, inner = mark[22:27, 1].max(), mark[45], mark[42]
    wing, corner = mark[35], mark[54]
    low, below_lip = mark[46:48, 1].mean(), mark[57, 1]
    return [
        Fold(FOREHEAD, _at(0, brow, (0, 1.35), (2.0, 1.55), (4.2, 1.25)), 0.20),
        Fold(FOREHEAD, _at(0, brow, (0, 2.45), (2.0, 2.6), (3.6, 2.35)), 0.20, 0.8),
        Fold(FROWN, _at(0, brow, (0.42, -1.0), (0.55, -0.2), (0.62, 0.55)), 0.15),
        Fold(
            CHEEK_FOLD,
            _at(wing[0], wing[1], (0.20, 0.75), (0.95, -0.2))
            + _at(corner[0], corner[1], (0.45, 1.1), (0.75, 0.05)),
            0.24,
        ),
        Fold(EYE_FAN, _at(outer[0], outer[1], (0.45, 0.25), (1.25, 0.75)), 0.12, 0.8),
        Fold(EYE_FAN, _at(outer[0], outer[1], (0.50, -0.10), (1.40, -0.20)), 0.12),
        Fold(EYE_FAN, _at(outer[0], outer[1], (0.40, -0.50), (1.15, -1.05)), 0.12, 0.8),
        Fold(NOSE, _at(0, inner[1], (0.15, -0.05), (0.75, -0.20), (1.0, -0.55)), 0.13),
        Fold(NOSE, _at(0, inner[1], (0.15, 0.55), (0.7, 0.45)), 0.13, 0.7),
        Fold(
            EYE_BAG,
            (
                (inner[0] + 0.15, inner[1] - 0.45),
                (inner[0] + 1.2, low - 0.70),
                (outer[0] - 0.8, low - 0.55),
            ),
            0.20,
        ),
        Fold(MOUTH, _at(corner[0], corner[1], (0.28, -0.25), (0.35, -1.3)), 0.18),
        Fold(CHIN, _at(0, below_lip, (0, -0.95), (0.8, -0.85), (1.35, -0.5)), 0.24),
    ]


def _at(x: float, y: float, *points: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return tuple((x + dx, y + dy) for dx, dy in points)


def _draw_curve(points: np.ndarray, count: int = 60, closed: bool = False) -> np.ndarray:
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    kind = "periodic" if closed else "natural"
    return CubicSpline(steps, points, bc_type=kind)(np.linspace(0, steps[-1], count))


def _measure(x: np.ndarray, y: np.ndarray, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to a curve [n, 2] and how far along it its nearest point is, 0 to 1."""
    best = np.full(x.shape, 1e9, np.float32)
    along = np.zeros(x.shape, np.float32)
    count = len(curve) - 1
    for i, (a, b) in enumerate(itertools.pairwise(curve)):
        edge = b - a
        share = ((x - a[0]) * edge[0] + (y - a[1]) * edge[1]) / (edge @ edge + 1e-9)
        share = np.clip(share, 0, 1)
        far = (x - a[0] - share * edge[0]) ** 2 + (y - a[1] - share * edge[1]) ** 2
        nearer = far < best
        best = np.where(nearer, far, best)
        along = np.where(nearer, (i + share) / count, along)
    return np.sqrt(best), along


def _find_box(x: np.ndarray, y: np.ndarray, curve: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of x, y [row, column] within _BOX_CM of a curve."""
    low, high = curve.min(0) - _BOX_CM, curve.max(0) + _BOX_CM
    rows = np.flatnonzero((y[:, 0] > low[1]) & (y[:, 0] < high[1]))
    columns = np.flatnonzero((x[0] > low[0]) & (x[0] < high[0]))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _measure_lips(x: np.ndarray, y: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """Signed distance to the outline of the lips in cm, positive inside, at least -_BOX_CM."""
    outline = mark[48:60, :2].astype(np.float64).copy()
    outline = (outline + outline[[6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7]] * (-1, 1)) / 2
    middle = outline.mean(0)
    outline = middle + (outline - middle) * (1.03, 1.06)
    closed = _draw_curve(np.concatenate([outline, outline[:1]]), 160, closed=True)
    box = _find_box(x, y, closed)
    px, py = x[box], y[box]
    distance, _ = _measure(px, py, closed)
    angle = np.zeros(px.shape)
    for a, b in itertools.pairwise(closed):
        ax, ay, bx, by = a[0] - px, a[1] - py, b[0] - px, b[1] - py
        angle += np.arctan2(ax * by - ay * bx, ax * bx + ay * by)
    lips = np.full(x.shape, -_BOX_CM)
    lips[box] = np.where(np.abs(angle) > np.pi, distance, np.maximum(-distance, -_BOX_CM))
    return lips


#: Fixed places of freckles, x and y in cm, mirrored with a small shift.
_FRECKLES = np.random.default_rng(3).uniform((0.3, -0.4), (5.6, 2.0), (24, 2))


def make_face_map(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks [68, 3] of the neutral head -> [row, column, NUM_CHANNELS]."""
    columns = round((RIGHT_CM - LEFT_CM) * TEXELS_PER_CM)
    rows = round((HIGH_CM - LOW_CM) * TEXELS_PER_CM)
    x, y = np.meshgrid(
        LEFT_CM + (np.arange(columns) + 0.5) / TEXELS_PER_CM,
        HIGH_CM - (np.arange(rows) + 0.5) / TEXELS_PER_CM,
    )
    face = np.zeros((rows, columns, NUM_CHANNELS), np.float32)
    face[..., LIP] = _measure_lips(x, y, landmarks)
    _add_flush(face, x, y, landmarks)
    _add_freckles(face, x, y)
    edge = -1.0 + 0.378 * np.maximum(0, np.abs(x) - 2.5) ** 1.5
    face[..., STUBBLE] = np.clip(-face[..., LIP] / 0.5, 0, 1) / (1 + np.exp((y - edge) / 0.5))
    for fold in _make_folds(landmarks):
        _crease(face, x, y, fold)
    return face


def _add_flush(face: np.ndarray, x: np.ndarray, y: np.ndarray, landmarks: np.ndarray) -> None:
    """Add blush of the cheeks, warmth of nose and chin, shadow of the upper lids."""
    cheek, wing, eye = landmarks[54], landmarks[35], landmarks[42:48].mean(0)

    def spot(at: tuple[float, float], reach: tuple[float, float]) -> np.ndarray:
        return np.exp(-(((np.abs(x) - at[0]) / reach[0]) ** 2) - ((y - at[1]) / reach[1]) ** 2)

    face[..., BLUSH] = spot((cheek[0] + 2.1, wing[1] + 0.9), (1.9, 1.5))
    chin = 0.6 * spot((0, landmarks[8, 1] + 0.9), (1.5, 1.0))
    face[..., WARM] = np.maximum(spot((0, wing[1] + 0.9), (1.2, 1.0)), chin)
    shadow = spot((eye[0] + 0.15, eye[1] + 0.75), (1.9, 0.85))
    face[..., SHADOW] = shadow * (y > eye[1] - 0.4)


def _add_freckles(face: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    for index, (fx, fy) in enumerate(_FRECKLES):
        size = 0.085 + 0.05 * np.sin(index * 2.4) ** 2
        for sign in (-1, 1):
            px, py = sign * fx + 0.13 * sign, fy + 0.17 * sign * np.sin(7 * fx)
            distance = ((x - px) ** 2 + (y - py) ** 2) / size**2
            face[..., FRECKLE] += np.exp(-(distance**1.5))


def _crease(face: np.ndarray, x: np.ndarray, y: np.ndarray, fold: Fold) -> None:
    """Add a fold: dark in the crease, tapering to its ends."""
    curve = np.array(fold.points, float)
    curve = _draw_curve(curve, 30) if len(curve) > 2 else np.linspace(curve[0], curve[1], 12)
    # Both halves of the picture are this far aside.
    half = x.shape[1] // 2
    rows, columns = _find_box(x[:, half:], y[:, half:], curve)
    distance, along = _measure(x[rows, half:][:, columns], y[rows, half:][:, columns], curve)
    end = along if curve[0, 0] < 0.05 else 2 * along - 1
    taper = np.sqrt(np.maximum(0, 1 - end**2))
    width = fold.width * (0.45 + 0.55 * taper)
    value = fold.strength * taper * np.exp(-((distance / width) ** 2))
    for side in (face[:, half:, fold.group], face[:, half - 1 :: -1, fold.group]):
        part = side[rows, columns]
        np.maximum(part, value, out=part)
