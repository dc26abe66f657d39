"""Lids slide over the eyeballs: skin that an expression would push into an eye stays on it.

In: heads in cm. Expression shapes move along straight lines while lids go round a ball, so that
strong or mixed expressions cut through the eye; each lid vertex keeps the clearance it has at
rest, or a hair's breadth where that is less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from synth.workshop.portraits.shape.head_model import EYE_LEFT, EYE_RIGHT, LASHES, SKIN, HeadModel

#: Skin this close to the centre of an eye is its lids.
LID_REACH_CM = 2.6
HAIR_BREADTH_CM = 0.04
SOFTNESS_CM = 0.012


class Lids(NamedTuple):
    """One eye. ball, skin and lashes are vertex numbers; lash_skin [lash] places in `skin` that
    carry the lashes; angle and radius [step] the eyeball's outline from its front to its back;
    spread its RMS radius on the neutral head.
    """

    ball: np.ndarray
    skin: np.ndarray
    lashes: np.ndarray
    lash_skin: np.ndarray
    angle: np.ndarray
    radius: np.ndarray
    spread: float


def make_lids(model: HeadModel) -> tuple[Lids, Lids]:
    """Find the lids of the neutral head."""
    eyes = zip(model.eye_centres, (EYE_LEFT, EYE_RIGHT), strict=True)
    return tuple(_make_lids(model, centre, ball) for centre, ball in eyes)  # pyright: ignore[reportReturnType]


def _make_lids(model: HeadModel, centre: np.ndarray, material: int) -> Lids:
    def find_part(part: int) -> np.ndarray:
        return np.unique(model.triangles[model.materials == part])

    ball, skin, lashes = find_part(material), find_part(SKIN), find_part(LASHES)
    middle = model.vertices[ball].mean(0)
    outline = model.vertices[ball] - middle
    angle, radius = _find_angle(outline), np.linalg.norm(outline, axis=1)
    steps = np.linspace(0, np.pi / 2, 19)
    near = np.abs(angle[:, None] - steps) < np.radians(6)
    profile = np.array([radius[row].max() if row.any() else 0.0 for row in near.T])
    away = model.vertices[skin] - middle
    distance = np.linalg.norm(away, axis=1)
    outside = distance > np.interp(_find_angle(away), steps, profile) - HAIR_BREADTH_CM
    skin = skin[(distance < LID_REACH_CM) & (away[:, 2] > 0) & outside]
    lashes = lashes[model.vertices[lashes, 0] * centre[0] > 0]
    _, carrier = KDTree(model.vertices[skin]).query(model.vertices[lashes])
    spread = float(np.sqrt((outline**2).sum(1).mean()))
    return Lids(ball, skin, lashes, np.asarray(carrier), steps, profile, spread)


def _find_angle(away: np.ndarray) -> np.ndarray:
    """Angle of offsets [n, 3] from straight ahead, in radians."""
    return np.arctan2(np.hypot(away[:, 0], away[:, 1]), away[:, 2])


def keep_lids_on_eyes(eyes: tuple[Lids, Lids], rest: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Offsets `moved` [vertex, 3] of a head at `rest` -> the same, lids outside the eyeballs."""
    moved = moved.copy()
    for lids in eyes:
        ball = rest[lids.ball]
        middle = ball.mean(0)
        scale = np.sqrt(((ball - middle) ** 2).sum(1).mean()) / lids.spread
        before = rest[lids.skin] - middle
        away = before + moved[lids.skin]
        gap = _find_gap(lids, away, scale)
        short = np.minimum(_find_gap(lids, before, scale), HAIR_BREADTH_CM) - gap
        # A smooth maximum of where the lid is and where it must be.
        push = 0.5 * (short + np.hypot(short, SOFTNESS_CM))
        push = push[:, None] * away / np.linalg.norm(away, axis=1, keepdims=True)
        moved[lids.skin] += push
        moved[lids.lashes] += push[lids.lash_skin]
    return moved


def _find_gap(lids: Lids, away: np.ndarray, scale: float) -> np.ndarray:
    """How far offsets [n, 3] from an eye's middle lie outside the eyeball, in cm."""
    outline = np.interp(_find_angle(away), lids.angle, lids.radius)
    return np.linalg.norm(away, axis=1) - scale * outline
