"""Hats that slide on from above: a beanie with a turned band, a cap with a visor, a brim."""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits.forms.form import Form, join_grid, ramp, rise
from synth.workshop.portraits.forms.skull import CENTRE, Skull, dive
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.parts import HAT

_BRIM_ROWS = 10


def find_hat(face: FaceParameters) -> float:
    """0 for most faces, 1 where a hat sits on the head."""
    return rise(0.30, 0.48, face["hat"])


def find_hat_edge(face: FaceParameters, azimuth: np.ndarray) -> np.ndarray:
    """Height of the hat's lower edge in cm on each column."""
    worn = find_hat(face)
    sitting = 9.0 - 3.2 * ramp(0.5, 2.6, np.abs(azimuth))
    return 16.5 + (sitting - 16.5) * worn


def make_hat(skull: Skull, face: FaceParameters, offset: np.ndarray) -> list[Form]:
    """The hat on ground moved by offset [column, row, 3]; empty where nobody wears one."""
    if find_hat(face) == 0:
        return []
    edge = find_hat_edge(face, skull.azimuth)
    inside = skull.close[..., 1] - edge[:, None]
    style = face["hat_style"]
    beanie = 1 - rise(0.45, 0.6, style)
    band = 1 - ramp(2.0, 2.25, inside)
    height = ramp(9, 15, skull.close[..., 1])
    thick = 0.75 + (0.9 * beanie + 0.9) * height + 0.42 * band * beanie
    depth = np.where(inside > 0, thick * np.tanh(2.0 * inside / thick), 2.0 * np.maximum(inside, -1))
    canonical = dive(skull.close + skull.close_normal * depth[..., None], inside)
    vertices = canonical + offset
    aux = np.zeros((*depth.shape, 4), np.float32)
    aux[..., 0] = band
    forms = [
        Form(
            vertices.reshape(-1, 3).astype(np.float32), canonical.reshape(-1, 3).astype(np.float32),
            skull.triangles, HAT, aux.reshape(-1, 4),
        )
    ]  # fmt: skip
    length = _find_brim(face, skull.azimuth) * find_hat(face)
    if length.max() > 0.05:
        forms.append(_make_brim(skull, offset, edge, length))
    return forms


def _find_brim(face: FaceParameters, azimuth: np.ndarray) -> np.ndarray:
    """Length of visor or brim in cm on each column."""
    style = face["hat_style"]
    visor = rise(0.45, 0.6, style) * (1 - rise(0.75, 0.85, style))
    brim = rise(0.75, 0.88, style)
    front = np.maximum(np.cos(np.clip(azimuth / 1.25, -1.57, 1.57)), 0) ** 0.7
    return 5.2 * visor * front + 3.6 * brim


def _make_brim(skull: Skull, offset: np.ndarray, edge: np.ndarray, length: np.ndarray) -> Form:
    height = skull.close[..., 1]
    row = np.array([np.interp(-e - 0.45, -h, np.arange(len(h))) for e, h in zip(edge, height, strict=True)])
    low = np.clip(row.astype(int), 0, height.shape[1] - 2)
    share = (row - low)[:, None]
    column = np.arange(len(low))
    base = skull.close[column, low] * (1 - share) + skull.close[column, low + 1] * share
    moved = offset[column, low] * (1 - share) + offset[column, low + 1] * share
    out = base - CENTRE
    out[:, 1] = 0
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    # Out along the top, back along the underside.
    t = np.array([0, 0.35, 0.7, 0.94, 1.0, 1.0, 0.94, 0.7, 0.35, 0])
    lift = np.array([0.16, 0.16, 0.16, 0.14, 0.05, -0.05, -0.14, -0.16, -0.16, -0.16])
    reach = 0.3 + length[:, None] * t
    canonical = base[:, None] + out[:, None] * reach[..., None]
    sag = 0.045 * (length[:, None] * t) ** 2
    canonical[..., 1] += lift * np.minimum(1, length / 0.5)[:, None] - sag
    vertices = canonical + moved[:, None]
    return Form(
        vertices.reshape(-1, 3).astype(np.float32), canonical.reshape(-1, 3).astype(np.float32),
        join_grid(len(low), _BRIM_ROWS), HAT, np.zeros((len(low) * _BRIM_ROWS, 4), np.float32),
    )  # fmt: skip
