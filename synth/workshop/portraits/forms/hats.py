"""Hats that slide on from above: a knitted cap with a turned band, close or roomy."""

from __future__ import annotations

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, ramp, rise
from synth.workshop.portraits.forms.skull import Skull, dive
from synth.workshop.portraits.parts import HAT


def find_hat(face: FaceParameters) -> float:
    """0 for most faces, 1 where a hat sits on the head."""
    return rise(0.28, 0.50, face["hat"])


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
    band = 1 - ramp(2.0, 2.25, inside)
    height = ramp(9, 15, skull.close[..., 1])
    thick = 0.75 + (1.2 + 1.2 * face["hat_style"]) * height + 0.42 * band
    lifted = thick * np.tanh(2.0 * inside / thick)
    depth = np.where(inside > 0, lifted, 2.0 * np.maximum(inside, -1))
    canonical = dive(skull.close + skull.close_normal * depth[..., None], inside)
    aux = np.stack([band, *[np.zeros_like(band)] * 3], -1)
    return [Form.make(canonical + offset, canonical, skull.triangles, HAT, aux)]
