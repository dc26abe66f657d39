"""Hair that is tied: a bun on the crown, braids beside the neck."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, make_ball, make_lobes, rise, sweep
from synth.workshop.portraits.parts import HAIR

#: Middle line of a braid in cm, the viewer's right one.
_BRAID_CM = np.array(
    [(6.6, 2.6, -3.0), (8.4, -1.0, -1.6), (8.6, -5.0, 0.2), (8.0, -10.0, 3.0), (7.6, -16.0, 5.0)]
)
_STEPS, _SIDES = 70, 16
_FORWARD = np.array([0.0, 0.0, 1.0])


def find_bun(face: FaceParameters) -> float:
    """0 for most faces, 1 where hair is tied in a bun."""
    return rise(0.20, 0.65, face["bun"]) * (1 - rise(0.03, 0.25, face["bald"]))


def find_braids(face: FaceParameters) -> float:
    """0 for most faces, 1 where hair is braided."""
    free = (1 - rise(0.15, 0.9, face["afro"])) * (1 - rise(0.1, 0.7, face["bald"]))
    return rise(0.30, 0.55, face["braids"]) * free


def make_bun(face: FaceParameters, crown: np.ndarray, hat: float) -> list[Form]:
    """A knot on top, under no hat; crown [3]: where the scalp's middle is moved to."""
    size = find_bun(face) * (1 - hat)
    if size == 0:
        return []
    ball, triangles = make_ball(22, 34)
    x, y, z = ball.T
    u = 5 * (np.arctan2(y, x) / np.pi) + 0.9 * z
    radius = (3.1 + 0.7 * face["hair_volume"]) * size
    points = ball * (radius * np.array([1.12, 0.86, 1.0])) * (0.97 + 0.04 * make_lobes(u))[:, None]
    points = points + np.array([0.0, 14.2 - 1.6 * (1 - size) + 2.1 * size, -2.2])
    aux = np.stack([u, np.full_like(u, 0.3), 0 * u, 0 * u], 1)
    return [Form.make(points + crown, points, triangles, HAIR, aux)]


def make_braids(face: FaceParameters, beside: np.ndarray) -> list[Form]:
    """Two braids; beside [2, 3]: offsets of the head where they begin, the viewer's right first."""
    size = find_braids(face)
    if size == 0:
        return []
    along = np.linspace(0, 1, _STEPS)
    reach = along * (0.35 + 0.65 * size)
    knots = np.linspace(0, 1, len(_BRAID_CM))
    path = np.stack([np.interp(reach, knots, _BRAID_CM[:, k]) for k in range(3)], 1)
    path = uniform_filter1d(path, 11, axis=0, mode="nearest")
    u = 5.0 * reach
    bulge = 0.90 + 0.20 * np.abs(np.sin(np.pi * u))
    tip = np.sqrt(np.clip((1 - along) / 0.06, 0, 1))
    radius = (1.3 + 0.35 * face["hair_volume"]) * np.sqrt(size) * bulge * tip
    angle = np.tile(np.arange(_SIDES) / _SIDES * 2 * np.pi, _STEPS)
    forms = []
    for side, offset in zip((1, -1), beside, strict=True):
        points, triangles = sweep(path * (side, 1, 1), radius, _FORWARD, _SIDES)
        lock = np.repeat(u, _SIDES) + 0.5 * np.abs(np.sin(0.5 * angle + 0.3)) * side
        aux = np.stack([lock, np.full_like(lock, 0.35), 0 * lock, 0 * lock], 1)
        forms.append(Form.make(points + offset, points, triangles, HAIR, aux))
    return forms
