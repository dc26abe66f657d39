"""The designed proportions: the neutral head and all its shapes, bent once by smooth moves.

Eyes a quarter larger, a smaller nose, a slimmer neck, a higher forehead. Shapes are bent by the
same map's derivative, so that lids still close and lips still meet.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synth.workshop.portraits.shape.face_fields import Move, spread_move
from synth.workshop.portraits.shape.head_model import GUMS, TEETH, HeadModel

#: Applied one after another; each is mirrored when it lies off the middle.
STYLE = (
    Move((3.12, 3.55, 8.0), (3.0, 2.6, 4.5), stretch=(0.46, 0.54, 0.42), push=(0.20, -0.22, 0.05)),
    Move((0, 0.4, 11.8), (2.1, 2.4, 3.0), stretch=(-0.20, -0.16, -0.14), push=(0, 0.15, -0.1)),
    Move((0, -5.4, 8.0), (9, 5.0, 7), push=(0, 0.75, 0)),
    Move((0, -14.0, 0), (14, 7.0, 13), stretch=(-0.11, 0, -0.08)),
    Move((0, -6.2, 9.0), (6.0, 3.2, 6.0), stretch=(-0.12, -0.10, 0)),
    Move((4.6, -1.2, 8.2), (2.8, 2.4, 3.4), push=(0.16, 0.05, 0.18)),
    Move((0, -2.8, 10.9), (3.2, 1.8, 3.0), stretch=(-0.06, 0.0, 0.0)),
    Move((0, 13, 1), (13, 7.0, 12), push=(0, 0.35, 0), stretch=(0.05, 0.0, 0.05)),
    Move((8.4, 1.6, 1.5), (2.0, 3.6, 3.0), stretch=(0.0, -0.04, -0.04), push=(-0.25, 0, 0)),
)
_STEP_CM = 0.05


def bend(points: np.ndarray) -> np.ndarray:
    """Points [n, 3] of the model's neutral head -> of the designed one."""
    points = points.astype(np.float32)
    mirror = np.array([-1, 1, 1], np.float32)
    for move in STYLE:
        offset = spread_move(points, move)
        if move.at[0] != 0:
            offset = offset + spread_move(points * mirror, move) * mirror
        points = points + offset.astype(np.float32)
    return points


def _narrow_jaws(model: HeadModel, points: np.ndarray) -> np.ndarray:
    """Draw gums and back teeth in, so that hollow cheeks do not let them through."""
    inner = np.unique(model.triangles[np.isin(model.materials, (GUMS, TEETH))])
    back = np.clip((10.5 - points[inner, 2]) / 3.5, 0, 1)
    points = points.copy()
    points[inner, 0] *= 1 - 0.16 * back
    return points


def stylise(model: HeadModel, amount: float = 1.0) -> HeadModel:
    """The same model in the designed proportions; `amount` less than 1 goes only part of the way.

    0 leaves the head model's own, which are those of people who were scanned.
    """
    if amount != 1:
        return _mix(model, stylise(model), amount)
    base = bend(model.vertices)
    steps = np.eye(3, dtype=np.float32) * _STEP_CM
    slopes = [(bend(model.vertices + step) - base) / _STEP_CM for step in steps]
    jacobian = np.stack(slopes, -1).astype(np.float32)

    base = _narrow_jaws(model, base)

    def carry(shapes: np.ndarray) -> np.ndarray:
        offsets = shapes.reshape(len(shapes), -1, 3)
        bent = np.einsum("vij,svj->svi", jacobian, offsets, optimize=True)
        return np.ascontiguousarray(bent.reshape(len(shapes), -1), np.float32)

    return replace(
        model,
        vertices=base,
        identity=carry(model.identity),
        expression=carry(model.expression),
        eye_centres=bend(model.eye_centres),
    )


def _mix(model: HeadModel, styled: HeadModel, amount: float) -> HeadModel:
    """Between the two, `amount` of the way to the second."""

    def between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return ((1 - amount) * one + amount * other).astype(np.float32)

    return replace(
        model,
        vertices=between(model.vertices, styled.vertices),
        identity=between(model.identity, styled.identity),
        expression=between(model.expression, styled.expression),
        eye_centres=between(model.eye_centres, styled.eye_centres),
    )
