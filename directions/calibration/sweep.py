"""How far to go: the coefficient at which an emotion is in full, found on faces (thesis, 4.4).

A direction is followed from calm faces in both senses. At each step a classifier tells how much of
the emotion shows, and a face encoder how far the person has moved from the calm face. Intensity 1
is where the response saturates, or before it where the person leaves the budget of identity.
Whoever reports on the result (the judge of `synth.judging`) must not be the classifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from synth.emotions import Emotion
from synth.faces.observers import FaceEncoder, find_distances
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.directions import Direction
from synth.motion.masks import LayerMask
from synth.types import Frames, WPlus

#: Steps along a direction, as shares of the farthest one.
STEPS = (-0.5, 0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
#: The farthest step, in present coefficients.
FURTHEST = 2.0
#: Share of the largest response that counts as saturated.
SATURATED = 0.9
#: Faces of which this share, in percent, must stay within the budget.
WITHIN_PERCENT = 95

LimitedBy = Literal["response", "identity"]


@dataclass(frozen=True)
class Curve:
    """What was measured at each coefficient: mean response, 0 to 1; median and 95th percentile of
    identity distances (empty without an encoder); faces that the encoder lost."""

    coefficients: tuple[float, ...]
    responses: tuple[float, ...]
    identity_medians: tuple[float, ...] = ()
    identity_highs: tuple[float, ...] = ()
    lost: tuple[int, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """The coefficient of intensity 1, the sense (-1: the direction was backwards), what set it."""

    coefficient: float
    sign: int
    limited_by: LimitedBy
    curve: Curve


@dataclass(frozen=True, eq=False)
class Trial:
    """What directions are tried on, and who looks.

    faces: calm ones, W+ [face, layer, w_dim]. encoder: who tells persons apart; None: nobody.
    """

    generator: Generator
    faces: WPlus
    mask: LayerMask
    scorer: EmotionScorer
    encoder: FaceEncoder | None = None

    def draw_edits(self, direction: Direction, intensity: float) -> Frames:
        """The faces, each that far along the direction."""
        faces = self.faces
        if intensity:
            faces = faces + intensity * direction.step(self.mask, faces)
        return draw_frames(self.generator, faces)


@dataclass(frozen=True)
class Limits:
    """furthest: where to stop looking, in present coefficients; 1 can only lower the coefficient.
    budget: largest distance from the calm face, by the encoder; None: any."""

    furthest: float = FURTHEST
    budget: float | None = None


def sweep_direction(
    trial: Trial, emotion: Emotion, direction: Direction, furthest: float = FURTHEST
) -> Curve:
    """Follow one direction from calm faces, `furthest` coefficients far."""
    multiples = [furthest * step for step in STEPS]
    encoder = trial.encoder
    persons = None if encoder is None else encoder.encode(trial.draw_edits(direction, 0))
    responses, medians, highs, lost = [], [], [], []
    for multiple in multiples:
        frames = trial.draw_edits(direction, multiple)
        responses.append(float(np.nanmean(trial.scorer.score(frames)[:, emotion])))
        if encoder is not None and persons is not None:
            distances = find_distances(encoder, frames, persons)
            found = distances[np.isfinite(distances)]
            lost.append(len(distances) - len(found))
            medians.append(float(np.median(found)) if len(found) else np.nan)
            highs.append(float(np.percentile(found, WITHIN_PERCENT)) if len(found) else np.nan)
    return Curve(
        tuple(multiple * direction.coefficient for multiple in multiples),
        tuple(responses),
        tuple(medians),
        tuple(highs),
        tuple(lost),
    )


def calibrate_direction(
    trial: Trial,
    emotion: Emotion,
    direction: Direction,
    limits: Limits = Limits(),
) -> Calibration:
    """Follow one direction, turned round where it is backwards, and choose its coefficient.

    Raises what `choose_coefficient` raises.
    """
    curve = sweep_direction(trial, emotion, direction, limits.furthest)
    if not is_backwards(curve):
        return choose_coefficient(curve, 1, limits.budget)
    turned = Direction(-direction.vector, direction.coefficient)
    curve = sweep_direction(trial, emotion, turned, limits.furthest)
    return choose_coefficient(curve, -1, limits.budget)


def is_backwards(curve: Curve) -> bool:
    """Whether the emotion shows more at the farthest step back than at the same step ahead."""
    at, back = np.array(curve.coefficients), min(curve.coefficients)
    ahead = float(np.interp(-back, at, curve.responses))
    return back < 0 and curve.responses[int(at.argmin())] > ahead


def choose_coefficient(curve: Curve, sign: int = 1, budget: float | None = None) -> Calibration:
    """The coefficient out of a curve that goes ahead; `budget` is a distance of the encoder.

    Raises ValueError when the emotion does not answer, or identity leaves the budget at once.
    """
    at = np.array(curve.coefficients)
    ahead = at >= 0
    along, answers = at[ahead], np.array(curve.responses)[ahead]
    rest = answers[0]
    if not answers.max() > rest:
        raise ValueError(
            f"needs a direction that the classifier answers to; got {rest:.3f} at rest and at "
            f"most {answers.max():.3f} along it; try other labels, or another classifier"
        )
    full = _find_crossing(along, answers, rest + SATURATED * (answers.max() - rest))
    if budget is None or not curve.identity_highs:
        return Calibration(full, sign, "response", curve)
    highs = np.array(curve.identity_highs)[ahead]
    highs[~np.isfinite(highs)] = np.inf
    limit = _find_crossing(along, highs, budget)
    if limit <= 0:
        raise ValueError(
            f"needs a step within the identity budget {budget:g}; got {highs[1]:.3f} at the first "
            "one; try a larger budget, or a direction that keeps the person"
        )
    if limit < full:
        return Calibration(limit, sign, "identity", curve)
    return Calibration(full, sign, "response", curve)


def _find_crossing(along: np.ndarray, values: np.ndarray, goal: float) -> float:
    """Where values, followed from the start, first reach the goal; the end if they never do."""
    reached = np.flatnonzero(values >= goal)
    if not len(reached):
        return float(along[-1])
    k = int(reached[0])
    if k == 0:
        return float(along[0])
    if not np.isfinite(values[k]):
        return float(along[k - 1])
    share = (goal - values[k - 1]) / (values[k] - values[k - 1])
    return float(along[k - 1] + share * (along[k] - along[k - 1]))
