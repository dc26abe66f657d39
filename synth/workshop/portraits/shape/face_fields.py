"""Hand-made changes of a head's shape: smooth moves round points of the neutral head, mirrored.

In: `Move`s in centimetres of the neutral head (x to the viewer's right, y up, z out of the face).
Out: offsets [vertex * 3] that can be added in any amount. Eyeballs with their lids and the teeth
follow as a whole, so that lids stay on the eyes and teeth behind the lips.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from synth.workshop.portraits.shape.head_model import (
    EYE_LEFT,
    EYE_RIGHT,
    GUMS,
    LASHES,
    TEETH,
    HeadModel,
)

Point = tuple[float, float, float]
NOWHERE: Point = (0.0, 0.0, 0.0)
#: Within the first distance of an eye's centre everything moves as one, beyond the second freely.
EYE_BALL_CM, EYE_FREE_CM = 1.95, 3.1
EYE_LANDMARKS = (slice(42, 48), slice(36, 42))
MOUTH_LANDMARKS = slice(48, 68)


class Move(NamedTuple):
    """One move: a shift of `push` cm, a stretch by 1 + `stretch` away from `at` and a turn of
    `turn` radians about z, full at the point `at` and fading over `reach` cm along x, y, z.

    A point off the middle stands for itself and its mirror image.
    """

    at: Point
    reach: Point
    push: Point = NOWHERE
    stretch: Point = NOWHERE
    turn: float = 0.0


class Trait(NamedTuple):
    """One way in which faces differ: moves and expression shapes (which keep lids on eyes).

    eyes: moves carry each eye with its lids as a whole, bend it with everything else (for moves
    that keep a ball a ball), or leave it where it is. teeth_cm: how far the teeth come forward.
    """

    moves: tuple[Move, ...] = ()
    shapes: dict[str, float] | None = None
    eyes: Literal["carry", "bend", "leave"] = "carry"
    teeth_cm: float = 0.0


def make_field(model: HeadModel, trait: Trait) -> np.ndarray:
    """Offsets [vertex * 3] float32 of one unit of `trait`."""
    offsets = np.zeros_like(model.vertices)
    for move in trait.moves:
        offsets += spread_move(model.vertices, move)
        if move.at[0] != 0:
            offsets += spread_move(model.vertices * _MIRROR, move) * _MIRROR
    if trait.moves and trait.eyes != "bend":
        offsets = _keep_eyes_whole(model, offsets, float(trait.eyes == "carry"))
    inner = np.unique(model.triangles[np.isin(model.materials, (GUMS, TEETH))])
    offsets[inner] = offsets[model.landmarks[MOUTH_LANDMARKS]].mean(0)
    offsets[inner, 2] += trait.teeth_cm
    if trait.shapes:
        weights = model.make_expression_weights(trait.shapes)
        offsets = offsets + model.make_expression_offset(weights)
    return offsets.ravel().astype(np.float32)


_MIRROR = np.array([-1, 1, 1], np.float32)


def spread_move(vertices: np.ndarray, move: Move) -> np.ndarray:
    """Offsets [vertex, 3] of one move, without its mirror image."""
    away = vertices - np.array(move.at, np.float32)
    squared = ((away / np.array(move.reach, np.float32)) ** 2).sum(1)
    # Flatter than a Gaussian on top, so that what is moved keeps its own shape.
    share = np.exp(-squared * np.sqrt(squared))[:, None]
    turned = np.stack([-away[:, 1], away[:, 0], np.zeros(len(away))], 1) * move.turn
    return share * (np.array(move.push) + away * np.array(move.stretch) + turned)


def _keep_eyes_whole(model: HeadModel, offsets: np.ndarray, carried: float) -> np.ndarray:
    whole = offsets.copy()
    sides = zip(model.eye_centres, EYE_LANDMARKS, (EYE_LEFT, EYE_RIGHT), strict=True)
    for centre, lids, ball in sides:
        mean = offsets[model.landmarks[lids]].mean(0) * carried
        distance = np.linalg.norm(model.vertices - centre, axis=1)
        free = np.clip((distance - EYE_BALL_CM) / (EYE_FREE_CM - EYE_BALL_CM), 0, 1)
        free = (free * free * (3 - 2 * free))[:, None]
        whole = whole * free + mean * (1 - free)
        rigid = np.unique(model.triangles[np.isin(model.materials, (ball,))])
        whole[rigid] = mean
        lashes = np.unique(model.triangles[model.materials == LASHES])
        lashes = lashes[model.vertices[lashes, 0] * centre[0] > 0]
        whole[lashes] = mean
    return whole
