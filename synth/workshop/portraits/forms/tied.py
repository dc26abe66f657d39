"""Hair that is tied: a bun on the crown, braids beside the neck."""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits.forms.form import Form, make_ball, rise, sweep
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.parts import HAIR

#: Middle line of a braid in cm, the viewer's right one.
_BRAID_CM = np.array(
    [(6.6, 2.6, -3.0), (8.4, -1.0, -1.6), (8.6, -5.0, 0.2), (8.0, -10.0, 3.0), (7.6, -16.0, 5.0)]
)


def find_bun(face: FaceParameters) -> float:
    return rise(0.25, 0.45, face["bun"]) * (1 - rise(0.03, 0.25, face["bald"]))


def find_braids(face: FaceParameters) -> float:
    free = (1 - rise(0.15, 0.9, face["afro"])) * (1 - rise(0.1, 0.7, face["bald"]))
    return rise(0.35, 0.5, face["braids"]) * free


def make_bun(face: FaceParameters, crown: np.ndarray, hat: float) -> list[Form]:
    """A knot on top; crown [3]: where the scalp's middle is moved to."""
    size = find_bun(face) * (1 - hat)
    if size == 0:
        return []
    ball, triangles = make_ball(22, 34)
    x, y, z = ball.T
    angle = np.arctan2(y, x)
    u = 5 * (angle / np.pi) + 0.9 * z
    groove = np.sqrt(np.abs(np.sin(np.pi * u)) + 0.02)
    radius = (2.2 + 0.7 * face["hair_volume"]) * size
    points = ball * (radius * np.array([1.12, 0.86, 1.0])) * (0.93 + 0.09 * groove)[:, None]
    place = np.array([0.0, 14.2 - 1.6 * (1 - size) + 1.7 * size, -2.2])
    aux = np.stack([u, 0.9 * np.ones_like(u), 0 * u, 0 * u], 1).astype(np.float32)
    canonical = (points + place).astype(np.float32)
    return [Form((canonical + crown).astype(np.float32), canonical, triangles, HAIR, aux)]


def make_braids(face: FaceParameters, beside: np.ndarray) -> list[Form]:
    """Two braids; beside [2, 3]: offsets of the head where they begin, the viewer's right first."""
    size = find_braids(face)
    if size == 0:
        return []
    t = np.linspace(0, 1, 70)
    knots = np.linspace(0, 1, len(_BRAID_CM))
    length = 0.35 + 0.65 * size
    path = np.stack([np.interp(t * length, knots, _BRAID_CM[:, k]) for k in range(3)], 1)
    path = np.apply_along_axis(lambda v: np.convolve(np.pad(v, 5, "edge"), np.ones(11) / 11, "valid"), 0, path)
    u = 8.5 * t * length
    bulge = 0.72 + 0.38 * np.sqrt(np.abs(np.sin(np.pi * u)))
    radius = (0.95 + 0.35 * face["hair_volume"]) * size * bulge * np.sqrt(np.clip((1 - t) / 0.06, 0, 1))
    forms = []
    for side, offset in zip((1, -1), beside, strict=True):
        line = path * (side, 1, 1)
        points, triangles = sweep(line, radius, np.array([0.0, 0.0, 1.0]), 16)
        angle = np.tile(np.arange(16) / 16 * 2 * np.pi, len(t))
        lock = np.repeat(u, 16) + 0.5 * np.abs(np.sin(0.5 * angle + 0.3)) * side
        aux = np.stack([lock, 0.8 + 0 * lock, 0 * lock, 0 * lock], 1).astype(np.float32)
        forms.append(Form((points + offset).astype(np.float32), points, triangles, HAIR, aux))
    return forms
