"""Brows as tapered solid shapes that ride on the skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from synth.workshop.portraits.forms.form import Form, join_grid
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.parts import BROW
from synth.workshop.portraits.rasterise import draw_triangles
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel

_LEFT_CM, _HIGH_CM, _CELLS_PER_CM = -9.0, 14.0, 10
_ALONG, _ACROSS = 30, 9


@dataclass(frozen=True)
class FrontGrid:
    """Which skin is where, seen from in front: corners [row, column, 3] vertex numbers with weights
    [row, column, 3]."""

    corners: np.ndarray
    weights: np.ndarray


def make_front_grid(model: HeadModel) -> FrontGrid:
    """Draw the neutral head's skin from in front."""
    screen = model.vertices.copy()
    screen[:, 0] = (screen[:, 0] - _LEFT_CM) * _CELLS_PER_CM
    screen[:, 1] = (_HIGH_CM - screen[:, 1]) * _CELLS_PER_CM
    skin = np.ascontiguousarray(model.triangles[model.materials == SKIN], np.int32)
    drawn = draw_triangles(screen, skin, (26 * _CELLS_PER_CM, 18 * _CELLS_PER_CM))
    corners = skin[np.maximum(drawn.index, 0)]
    weights = np.concatenate([1 - drawn.weights.sum(-1, keepdims=True), drawn.weights], -1)
    return FrontGrid(corners, weights.astype(np.float32))


def find_skin_points(grid: FrontGrid, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values [vertex, k] of the skin at canonical x, y [n] in cm -> [n, k], bilinear."""
    u = (x - _LEFT_CM) * _CELLS_PER_CM - 0.5
    v = (_HIGH_CM - y) * _CELLS_PER_CM - 0.5
    rows, columns = grid.corners.shape[:2]
    xi = np.clip(np.floor(u).astype(int), 0, columns - 2)
    yi = np.clip(np.floor(v).astype(int), 0, rows - 2)
    fx, fy = np.clip(u - xi, 0, 1), np.clip(v - yi, 0, 1)
    total = np.zeros((len(x), values.shape[1]), np.float32)
    for dy in range(2):
        for dx in range(2):
            share = (fy if dy else 1 - fy) * (fx if dx else 1 - fx)
            corners, weights = grid.corners[yi + dy, xi + dx], grid.weights[yi + dy, xi + dx]
            total += share[:, None] * (values[corners] * weights[..., None]).sum(1)
    return total


def make_brows(
    grid: FrontGrid, face: FaceParameters, landmarks: np.ndarray, model: HeadModel, head: np.ndarray
) -> Form:
    """Both brows on skin `head` [vertex, 3]; landmarks [68, 3] of the neutral head."""
    points = (landmarks[22:27, :2] + landmarks[21:16:-1, :2] * (-1, 1)) / 2
    spline = CubicSpline(np.linspace(0, 1, 5), points)
    along = np.linspace(0, 1, _ALONG)
    stretched = -0.03 + 1.07 * along
    x, y = spline(stretched).T
    y = y + 0.10 + 0.16 * face["brow_height"]
    y = y + 0.16 * face["brow_arch"] * np.exp(-(((along - 0.62) / 0.22) ** 2))
    y = y - 0.10 * np.abs(face["brow_arch"]) * along**3
    thick = 0.42 + 0.62 * face["brow_thickness"]
    # Rounded at the nose, full at a third, a point at the temple.
    profile = np.minimum(1, np.sqrt(along / 0.07 + 0.12)) * (1 - 0.12 * along)
    profile = profile * np.sqrt(np.clip(1 - along**2.6, 0, 1))
    across = np.linspace(-1, 1, _ACROSS)
    tangent = np.gradient(np.stack([x, y], 1), axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    half = 0.5 * thick * profile
    px = x[:, None] - tangent[:, 1:2] * across * half[:, None]
    py = y[:, None] + tangent[:, 0:1] * across * half[:, None]
    bulge = np.sqrt(np.clip(1 - across**2, 0, 1))
    out = np.where(np.abs(across) == 1, -0.08, 0.05 + 0.17 * bulge) * np.minimum(1, half / 0.12)[:, None]
    out = out - 0.02
    vertices, canonical, triangles = [], [], []
    for side in (1, -1):
        sx, sy = (side * px).ravel(), py.ravel()
        lift = np.stack([0.25 * side * np.abs(px).ravel() / 5, 0 * sy, np.ones_like(sy)], 1)
        lift = lift / np.linalg.norm(lift, axis=1, keepdims=True) * out.ravel()[:, None]
        vertices.append(find_skin_points(grid, sx, sy, head) + lift)
        canonical.append(find_skin_points(grid, sx, sy, model.vertices) + lift)
        faces = join_grid(_ALONG, _ACROSS, closed=False)
        faces = faces[:, ::-1] if side > 0 else faces
        triangles.append(faces + (len(sx) if side < 0 else 0))
    points = np.concatenate(vertices).astype(np.float32)
    return Form(
        points, np.concatenate(canonical).astype(np.float32), np.concatenate(triangles), BROW,
        np.zeros((len(points), 4), np.float32),
    )  # fmt: skip
