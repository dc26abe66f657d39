"""Brows as tapered solid shapes that ride on the skin."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, join_grid
from synth.workshop.portraits.forms.front import FrontGrid, find_skin_points
from synth.workshop.portraits.parts import BROW
from synth.workshop.portraits.shape.head_model import HeadModel

_ALONG, _ACROSS = 30, 9
_PLACE = np.linspace(0, 1, _ALONG)


def make_brows(grid: FrontGrid, face: FaceParameters, model: HeadModel, head: np.ndarray) -> Form:
    """Both brows on skin `head` [vertex, 3]."""
    line = _draw_line(face, model.vertices[model.landmarks])
    half = _find_half_width(face)
    across = np.linspace(-1, 1, _ACROSS)
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    x = line[:, :1] - tangent[:, 1:2] * across * half[:, None]
    y = line[:, 1:] + tangent[:, 0:1] * across * half[:, None]
    bulge = np.sqrt(np.clip(1 - across**2, 0, 1))
    height = np.where(np.abs(across) == 1, -0.08, 0.05 + 0.17 * bulge)
    height = height * np.minimum(1, half / 0.12)[:, None] - 0.02
    vertices, canonical, triangles = [], [], []
    faces = join_grid(_ALONG, _ACROSS, closed=False)
    for side in (1, -1):
        sx, sy = (side * x).ravel(), y.ravel()
        lift = np.stack([0.05 * side * np.abs(sx), 0 * sy, np.ones_like(sy)], 1)
        lift *= (height / np.linalg.norm(lift, axis=1).reshape(x.shape)).reshape(-1, 1)
        vertices.append(find_skin_points(grid, sx, sy, head) + lift)
        canonical.append(find_skin_points(grid, sx, sy, model.vertices) + lift)
        triangles.append(faces[:, ::-1] if side > 0 else faces + len(sx))
    return Form.make(
        np.concatenate(vertices), np.concatenate(canonical), np.concatenate(triangles), BROW
    )


def _draw_line(face: FaceParameters, landmarks: np.ndarray) -> np.ndarray:
    """Middle line [point, 2] of the brow on the viewer's right, from the nose outwards, cm."""
    points = (landmarks[22:27, :2] + landmarks[21:16:-1, :2] * (-1, 1)) / 2
    line = CubicSpline(np.linspace(0, 1, 5), points)(-0.03 + 1.07 * _PLACE)
    line[:, 1] += 0.10 + 0.16 * face["brow_height"]
    line[:, 1] += 0.16 * face["brow_arch"] * np.exp(-(((_PLACE - 0.62) / 0.22) ** 2))
    line[:, 1] -= 0.10 * abs(face["brow_arch"]) * _PLACE**3
    return line


def _find_half_width(face: FaceParameters) -> np.ndarray:
    """cm [point]: rounded at the nose, full at a third, a point at the temple."""
    profile = np.minimum(1, np.sqrt(_PLACE / 0.07 + 0.12)) * (1 - 0.12 * _PLACE)
    profile = profile * np.sqrt(np.clip(1 - _PLACE**2.6, 0, 1))
    return (0.21 + 0.31 * face["brow_thickness"]) * profile
