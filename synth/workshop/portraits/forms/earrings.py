"""Ear-rings, from studs to hoops, that grow from nothing."""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits.forms.form import Form, rise, sweep
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.parts import EARRING

_SIDES, _STEPS = 10, 28


def make_earrings(face: FaceParameters, lobes: np.ndarray, neutral: np.ndarray) -> list[Form]:
    """One on each ear lobe: lobes and neutral [2, 3], on this head and on the neutral one."""
    size = rise(0.1, 0.6, face["earrings"])
    if size == 0:
        return []
    style = face["earring_style"]
    hoop = (0.12 + 1.05 * rise(0.25, 1.0, style)) * size
    tube = (0.30 - 0.17 * rise(0.1, 0.6, style)) * size
    angle = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)
    forms = []
    for side, lobe, canonical in zip((1, -1), lobes, neutral, strict=True):
        ring = np.stack(
            [0.35 * np.sin(angle) * side, np.cos(angle) - 1, 0.94 * np.sin(angle)], 1
        ) * hoop
        points, triangles = sweep(ring, np.full(_STEPS, tube), np.array([1.0, 0.0, 0.2]), _SIDES, closed=True)
        shift = np.array([0.12 * side, -0.25 * size, 0.25])
        aux = np.zeros((len(points), 4), np.float32)
        forms.append(
            Form((points + lobe + shift).astype(np.float32), (points + canonical).astype(np.float32), triangles, EARRING, aux)
        )
    return forms
