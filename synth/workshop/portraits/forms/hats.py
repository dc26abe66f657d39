"""Hats that slide on from above: a beanie with a turned band, a cap with a visor, a brim."""

from __future__ import annotations

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, join_grid, ramp, rise
from synth.workshop.portraits.forms.skull import CENTRE, Skull, dive
from synth.workshop.portraits.parts import HAT

#: Across a brim: out along the top and back along the underside.
_BRIM_REACH = np.array([0, 0.35, 0.7, 0.94, 1.0, 1.0, 0.94, 0.7, 0.35, 0])
_BRIM_LIFT_CM = np.array([0.16, 0.16, 0.16, 0.14, 0.05, -0.05, -0.14, -0.16, -0.16, -0.16])


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
    worn = find_hat(face)
    if worn == 0:
        return []
    edge = find_hat_edge(face, skull.azimuth)
    inside = skull.close[..., 1] - edge[:, None]
    beanie = 1 - rise(0.45, 0.6, face["hat_style"])
    band = 1 - ramp(2.0, 2.25, inside)
    height = ramp(9, 15, skull.close[..., 1])
    thick = 0.75 + (0.9 * beanie + 0.9) * height + 0.42 * band * beanie
    lifted = thick * np.tanh(2.0 * inside / thick)
    depth = np.where(inside > 0, lifted, 2.0 * np.maximum(inside, -1))
    canonical = dive(skull.close + skull.close_normal * depth[..., None], inside)
    aux = np.stack([band, *[np.zeros_like(band)] * 3], -1)
    forms = [Form.make(canonical + offset, canonical, skull.triangles, HAT, aux)]
    length = _find_brim(face, skull.azimuth) * worn
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
    """A brim of `length` [column] cm that leaves the hat a little above its edge."""
    base, moved = _find_row(skull, edge + 0.45, skull.close), _find_row(skull, edge + 0.45, offset)
    out = base - CENTRE
    out[:, 1] = 0
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    reach = 0.3 + length[:, None] * _BRIM_REACH
    canonical = base[:, None] + out[:, None] * reach[..., None]
    sag = 0.045 * (length[:, None] * _BRIM_REACH) ** 2
    canonical[..., 1] += _BRIM_LIFT_CM * np.minimum(1, length / 0.5)[:, None] - sag
    triangles = join_grid(len(length), len(_BRIM_REACH))
    return Form.make(canonical + moved[:, None], canonical, triangles, HAT)


def _find_row(skull: Skull, height: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values [column, row, 3] at a height [column] in cm -> [column, 3]."""
    number = np.arange(skull.close.shape[1])
    rows = zip(height, skull.close[..., 1], strict=True)
    row = np.array([np.interp(-h, -heights, number) for h, heights in rows])
    low = np.clip(row.astype(int), 0, len(number) - 2)
    share, column = (row - low)[:, None], np.arange(len(low))
    return values[column, low] * (1 - share) + values[column, low + 1] * share
