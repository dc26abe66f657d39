"""How far to go: the coefficient of intensity 1, found on faces (thesis, 4.4).

A direction is followed from calm faces in both senses. At each step a classifier says how much of
the emotion shows, and a face encoder how far the person has moved from the calm face. Intensity 1
is where the response reaches ENOUGH of the full response, or before it where the person leaves the
budget of identity. What the full response is can be chosen:

    saturation  the largest, after the sweep was continued until the response rose no more
    present     that to the present coefficient, which a fit measured on full, labelled emotions;
                the sweep ends there, and calibration only lowers coefficients

The result is reported by another classifier (the judge of `synth.judging`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from synth.emotions import Emotion
from synth.faces.observers import FaceEncoder, find_distances
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.judging.emotion_scoring import EmotionScorer, measure_response
from synth.motion.directions import Direction
from synth.motion.masks import LayerMask
from synth.types import Frames, WPlus

FullAt = Literal["saturation", "present"]
LimitedBy = Literal["response", "identity", "range"]

#: How far the sense is tried backwards, in present coefficients.
BACK = 0.5
#: Steps of the sweep, in present coefficients: up to the present one, and beyond it.
PRESENT_STEP, FURTHER_STEP = 0.125, 0.25
#: Where a sweep for saturation ends at the latest, in present coefficients.
FURTHEST = 4.0
#: A sweep ends when the response rose by less than this share of its range over FLAT_STEPS steps.
RISING, FLAT_STEPS = 0.02, 2
#: Share of the full response at which intensity 1 lies.
ENOUGH = 0.9
#: Faces of which this share, in percent, must stay within the budget.
WITHIN_PERCENT = 95
#: For the card.
THRESHOLDS = {
    "enough": ENOUGH,
    "rising": RISING,
    "flat_steps": FLAT_STEPS,
    "within_percent": WITHIN_PERCENT,
}


@dataclass(frozen=True)
class Curve:
    """What was measured at each coefficient, in the order of the sweep: mean response, 0 to 1;
    median and 95th percentile of identity distances (empty without an encoder); faces that the
    encoder lost."""

    coefficients: tuple[float, ...]
    responses: tuple[float, ...]
    identity_medians: tuple[float, ...] = ()
    identity_highs: tuple[float, ...] = ()
    lost: tuple[int, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """The coefficient of intensity 1; the sense (-1: the direction was backwards); what set it.

    limited_by: the response, the person's identity, or the range of the sweep, at whose end the
    response still rose: its largest value then counts as the full one.
    """

    coefficient: float
    sign: int
    limited_by: LimitedBy
    curve: Curve


@dataclass(frozen=True, eq=False)
class Trial:
    """What directions are tried on, and with which classifier and encoder.

    faces: calm ones, W+ [face, layer, w_dim]. encoder: compares persons; None: nobody does.
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
    """full_at: what counts as the full response. furthest: where a sweep for saturation ends at the
    latest, in present coefficients. budget: largest distance from the calm face, by the encoder;
    None: any."""

    full_at: FullAt = "saturation"
    furthest: float = FURTHEST
    budget: float | None = None


def sweep_direction(
    trial: Trial,
    emotion: Emotion,
    direction: Direction,
    limits: Limits = Limits(),
) -> Curve:
    """Follow one direction from calm faces: a step back, then ahead as far as `limits` ask."""
    sweep = _Sweep(trial, emotion, direction)
    sweep.measure(-BACK)
    if limits.full_at == "present":
        for k in range(round(1 / PRESENT_STEP) + 1):
            sweep.measure(k * PRESENT_STEP)
        return sweep.finish()
    for k in range(int(limits.furthest / FURTHER_STEP + 1e-9) + 1):
        sweep.measure(k * FURTHER_STEP)
        if k * FURTHER_STEP >= 1 and not is_rising(sweep.responses[1:]):
            break
    return sweep.finish()


class _Sweep:
    """Measures one direction, multiple by multiple of its present coefficient."""

    def __init__(self, trial: Trial, emotion: Emotion, direction: Direction) -> None:
        self._trial, self._emotion, self._direction = trial, emotion, direction
        self._persons = None
        if trial.encoder is not None:
            self._persons = trial.encoder.encode(trial.draw_edits(direction, 0))
        self._multiples: list[float] = []
        self.responses: list[float] = []
        self._medians: list[float] = []
        self._highs: list[float] = []
        self._lost: list[int] = []

    def measure(self, multiple: float) -> None:
        """Edit all faces, and note what is seen."""
        frames = self._trial.draw_edits(self._direction, multiple)
        self._multiples.append(multiple)
        self.responses.append(measure_response(self._trial.scorer, frames, self._emotion))
        if self._trial.encoder is None or self._persons is None:
            return
        distances = find_distances(self._trial.encoder, frames, self._persons)
        found = distances[np.isfinite(distances)]
        self._lost.append(len(distances) - len(found))
        self._medians.append(float(np.median(found)) if len(found) else np.nan)
        self._highs.append(float(np.percentile(found, WITHIN_PERCENT)) if len(found) else np.nan)

    def finish(self) -> Curve:
        """All that was measured."""
        return Curve(
            tuple(multiple * self._direction.coefficient for multiple in self._multiples),
            tuple(self.responses),
            tuple(self._medians),
            tuple(self._highs),
            tuple(self._lost),
        )


def is_rising(responses: Sequence[float]) -> bool:
    """Whether the response, followed from rest, still rises over the last steps."""
    recent = responses[-1 - FLAT_STEPS :]
    span = max(responses) - responses[0]
    return len(recent) <= FLAT_STEPS or recent[-1] - recent[0] > RISING * span > 0


def calibrate_direction(
    trial: Trial,
    emotion: Emotion,
    direction: Direction,
    limits: Limits = Limits(),
) -> Calibration:
    """Follow one direction, turned round where it is backwards, and choose its coefficient.

    Raises what `choose_coefficient` raises.
    """
    curve = sweep_direction(trial, emotion, direction, limits)
    if not is_backwards(curve):
        return choose_coefficient(curve, limits)
    turned = Direction(-direction.vector, direction.coefficient)
    return replace(
        choose_coefficient(sweep_direction(trial, emotion, turned, limits), limits), sign=-1
    )


def is_backwards(curve: Curve) -> bool:
    """Whether the emotion shows more at the farthest step back than at the same step ahead."""
    at, back = np.array(curve.coefficients), min(curve.coefficients)
    ahead = float(np.interp(-back, at, curve.responses))
    return back < 0 and curve.responses[int(at.argmin())] > ahead


def choose_coefficient(curve: Curve, limits: Limits = Limits()) -> Calibration:
    """The coefficient out of a curve that goes ahead.

    Raises ValueError when the emotion does not answer, or identity leaves the budget at once.
    """
    at = np.array(curve.coefficients)
    ahead = at >= 0
    along, answers = at[ahead], np.array(curve.responses)[ahead]
    rest = answers[0]
    goal = answers.max() if limits.full_at == "saturation" else answers[-1]
    if not goal > rest:
        raise ValueError(
            f"needs a direction that the classifier answers to; got {rest:.3f} at rest and "
            f"{goal:.3f} in full; try other labels, or another classifier"
        )
    full = _compute_crossing(along, answers, rest + ENOUGH * (goal - rest))
    is_open = limits.full_at == "saturation" and is_rising(answers.tolist())
    found = Calibration(full, 1, "range" if is_open else "response", curve)
    if limits.budget is None or not curve.identity_highs:
        return found
    highs = np.array(curve.identity_highs)[ahead]
    highs[~np.isfinite(highs)] = np.inf
    limit = _compute_crossing(along, highs, limits.budget)
    if limit <= 0:
        raise ValueError(
            f"needs a step within the identity budget {limits.budget:g}; got {highs[1]:.3f} at the "
            "first one; try a larger budget, or a direction that keeps the person"
        )
    return replace(found, coefficient=limit, limited_by="identity") if limit < full else found


def _compute_crossing(along: np.ndarray, values: np.ndarray, goal: float) -> float:
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
