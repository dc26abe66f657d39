"""Ear-rings, from studs to hoops, that grow from nothing."""

from __future__ import annotations

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, rise, sweep
from synth.workshop.portraits.parts import EARRING

_SIDES, _STEPS = 10, 28
_ACROSS = np.array([1.0, 0.0, 0.2])


def find_lobes(vertices: np.ndarray) -> np.ndarray:
    """Numbers [2] of the lowest vertices of both ears of a neutral head [vertex, 3]."""
    found = []
    for side in (1, -1):
        x, y, z = (vertices * (side, 1, 1)).T
        ear = (x > 7.35) & (z > -0.5) & (z < 3.6) & (y > -2.5) & (y < 2.5)
        found.append(int(np.where(ear, y - 0.15 * x, np.inf).argmin()))
    return np.array(found)


def make_earrings(face: FaceParameters, lobes: np.ndarray, neutral: np.ndarray) -> list[Form]:
    """One on each ear lobe: lobes and neutral [2, 3], on this head and on the neutral one."""
    size = rise(0.1, 0.6, face["earrings"])
    if size == 0:
        return []
    style = face["earring_style"]
    hoop = (0.12 + 1.05 * rise(0.25, 1.0, style)) * size
    tube = np.full(_STEPS, (0.30 - 0.17 * rise(0.1, 0.6, style)) * size)
    angle = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)
    forms = []
    for side, lobe, canonical in zip((1, -1), lobes, neutral, strict=True):
        ring = [0.35 * np.sin(angle) * side, np.cos(angle) - 1, 0.94 * np.sin(angle)]
        points, triangles = sweep(hoop * np.stack(ring, 1), tube, _ACROSS, _SIDES, closed=True)
        shift = np.array([0.12 * side, -0.25 * size, 0.25])
        forms.append(Form.make(points + lobe + shift, points + canonical, triangles, EARRING))
    return forms
