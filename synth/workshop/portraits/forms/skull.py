"""The ground that hair and hats lie on: one grid round the head, and how it hangs beyond it.

Columns run round the head (azimuth 0 in front, growing to the viewer's right), rows from the crown
down. Upper rows follow the scalp, lower ones follow it or hang straight down from its widest part.
All of this is found once on the neutral head; people move it by a smooth field of offsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import CubicSpline, RBFInterpolator
from scipy.spatial import KDTree

from synth.workshop.portraits.forms.form import join_grid, ramp
from synth.workshop.portraits.rings import smooth_rings
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel

CENTRE = np.array([0.0, 5.0, 0.3], np.float32)
COLUMNS, CAP_ROWS, FALL_ROWS = 240, 64, 48
ROWS = CAP_ROWS + FALL_ROWS
LOWEST_CM = -17.0
_EQUATOR = np.pi / 2 - 0.1
#: How far from the middle hair hangs: in front, past the cheeks, at the ears, behind.
_HANG_AZIMUTH = np.array([0, 0.6, 0.95, 1.3, 2.0, 2.6, np.pi])
_HANG_CM = np.array([9.2, 9.0, 8.7, 8.75, 8.8, 9.0, 9.3])


@dataclass(frozen=True)
class Skull:
    """azimuth [column]; close, hang [column, row, 3] points that follow the skin and that hang;
    close_normal, hang_normal the same shape; roots [coarse, 6] skin vertices that move the ground;
    triangles of the grid.
    """

    azimuth: np.ndarray
    close: np.ndarray
    hang: np.ndarray
    close_normal: np.ndarray
    hang_normal: np.ndarray
    roots: np.ndarray
    coarse_shape: tuple[int, int]
    triangles: np.ndarray


def make_skull(model: HeadModel) -> Skull:
    """Fit the ground to the neutral head of `model`, its ears taken off."""
    skin = np.unique(model.triangles[model.materials == SKIN])
    points = model.vertices[skin]
    x, y, z = points.T
    ear = (np.abs(x) > 6.4) & (y > -2.5) & (y < 6.2) & (z < 3.4) & (z > -4)
    outer = _is_outside(points)
    keep = ~ear & outer & (y > -12)
    points = points[keep]
    away = points - CENTRE
    distance = np.linalg.norm(away, axis=1)
    direction = away / distance[:, None]
    _, first = np.unique(np.round(direction, 2), axis=0, return_index=True)
    spline = RBFInterpolator(direction[first], distance[first], neighbors=50, smoothing=1e-3)
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    upper = _draw_upper(spline, azimuth)
    lower = _draw_lower(spline, azimuth, upper[:, -1])
    close = np.concatenate([upper, lower], 1)
    close = smooth_rings(close, (1.0, 1.0))
    hang = _let_hang(close, azimuth)
    _, near = KDTree(points).query(close[::6, ::4].reshape(-1, 3), k=6)
    shape = (COLUMNS // 6, len(range(0, ROWS, 4)))
    return Skull(
        azimuth=azimuth.astype(np.float32),
        close=close.astype(np.float32),
        hang=hang.astype(np.float32),
        close_normal=find_grid_normals(close),
        hang_normal=find_grid_normals(hang),
        roots=skin[keep][near],
        coarse_shape=shape,
        triangles=join_grid(COLUMNS, ROWS),
    )


def _is_outside(points: np.ndarray) -> np.ndarray:
    """Points [n, 3] that have none further out near their direction from the centre."""
    away = points - CENTRE
    distance = np.linalg.norm(away, axis=1)
    tree = KDTree(away / distance[:, None])
    _, near = tree.query(away / distance[:, None], k=24)
    return distance > distance[near].max(1) - 0.8


def _draw_upper(spline: RBFInterpolator, azimuth: np.ndarray) -> np.ndarray:
    """From the crown to the equator, evenly by angle."""
    polar = np.linspace(0.004, _EQUATOR, CAP_ROWS)
    radius = _find_radius(spline, azimuth, polar)
    return CENTRE + _find_direction(azimuth, polar) * radius[..., None]


def _draw_lower(spline: RBFInterpolator, azimuth: np.ndarray, last: np.ndarray) -> np.ndarray:
    """From the equator down, by height, along the skin as far as it can be seen."""
    polar = np.linspace(_EQUATOR, 3.0, 80)
    columns = [CubicSpline(polar, radius) for radius in _find_radius(spline, azimuth, polar)]
    share = np.linspace(0, 1, FALL_ROWS + 1)[1:]
    height = last[:, 1:2] * (1 - share) + LOWEST_CM * share
    radius = np.hypot(last[:, 0], last[:, 2] - CENTRE[2])[:, None] * np.ones_like(height)
    for _ in range(12):
        below = height - CENTRE[1]
        angle = np.arctan2(radius, below)
        found = np.stack([column(a) for column, a in zip(columns, angle, strict=True)])
        radius = np.clip(radius * (0.5 + 0.5 * found / np.hypot(radius, below)), 3.5, 12.5)
    across = [radius * np.sin(azimuth)[:, None], radius * np.cos(azimuth)[:, None] + CENTRE[2]]
    return np.stack([across[0], height, across[1]], -1)


def _find_direction(azimuth: np.ndarray, polar: np.ndarray) -> np.ndarray:
    """Unit directions [column, row, 3] from the centre."""
    a, p = np.meshgrid(azimuth, polar, indexing="ij")
    return np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], -1)


def _find_radius(spline: RBFInterpolator, azimuth: np.ndarray, polar: np.ndarray) -> np.ndarray:
    direction = _find_direction(azimuth, polar)
    return spline(direction.reshape(-1, 3)).reshape(direction.shape[:2])


def _let_hang(close: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """The same columns, never further in than they have been above."""
    radius = np.hypot(close[..., 0], close[..., 2] - CENTRE[2])
    widest = np.maximum.accumulate(radius, axis=1)
    # In front hair falls past the cheeks, not over chin and nose.
    temple = np.interp(np.abs(azimuth), _HANG_AZIMUTH, _HANG_CM)
    below = ramp(7.0, 3.0, close[..., 1])
    wanted = np.where(below > 0, widest * (1 - below) + temple[:, None] * below, radius)
    wanted = smooth_rings(wanted, (2.0, 2.0))
    hang = close.copy()
    scale = wanted / radius
    hang[..., 0] *= scale
    hang[..., 2] = CENTRE[2] + (hang[..., 2] - CENTRE[2]) * scale
    return hang


def find_grid_normals(grid: np.ndarray) -> np.ndarray:
    """Outward unit normals [column, row, 3] of a grid that is closed round its columns."""
    along = np.gradient(grid, axis=1)
    across = np.roll(grid, -1, axis=0) - np.roll(grid, 1, axis=0)
    normal = np.cross(along, across)
    normal[:, 0] = normal[:, 1].mean(0)
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    return (normal / (length + 1e-9)).astype(np.float32)


def find_ground_offset(skull: Skull, offsets: np.ndarray) -> np.ndarray:
    """Offsets of skin vertices [vertex, 3] -> smooth offsets of the ground [column, row, 3]."""
    coarse = offsets[skull.roots].mean(1).reshape(*skull.coarse_shape, 3)
    coarse = smooth_rings(coarse, (1.6, 1.6))
    wide = np.concatenate([coarse[-2:], coarse, coarse[:3]]).astype(np.float32)
    columns = (np.arange(COLUMNS, dtype=np.float32) / 6 + 2)[:, None]
    rows = np.minimum(np.arange(ROWS, dtype=np.float32) / 4, skull.coarse_shape[1] - 1)[None]
    return cv2.remap(
        wide,
        np.broadcast_to(rows, (COLUMNS, ROWS)).astype(np.float32),
        np.broadcast_to(columns, (COLUMNS, ROWS)).astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )


def dive(canonical: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Points [column, row, 3] of a shell whose end is `inside` cm below -> the same, what is below
    the end shrunk to a line behind the throat, out of sight of an open mouth."""
    shrunk = 0.95 * ramp(-0.1, -2.2, inside) * ramp(8.0, 6.0, canonical[..., 1])
    out = canonical.copy()
    out[..., 0] *= 1 - shrunk
    out[..., 2] += shrunk * (-3.0 - out[..., 2])
    return out
