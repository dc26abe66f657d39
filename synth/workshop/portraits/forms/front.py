"""Skin seen from in front: which point of a moved head lies at given x and y of the neutral one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.workshop.portraits.rasterise import draw_triangles
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel

_LEFT_CM, _HIGH_CM, _CELLS_PER_CM = -9.0, 14.0, 10


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


def find_skin_points(
    grid: FrontGrid, x: np.ndarray, y: np.ndarray, values: np.ndarray
) -> np.ndarray:
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
