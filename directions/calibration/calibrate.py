"""A set of directions and a generator -> the same set, calibrated on faces.

In: a set of directions, a classifier of emotions and an encoder of persons. Out: the set with a
coefficient that makes intensity 1 the full emotion, within the identity budget where one is given;
the curves; what the finished set does to other people; and, where asked, which rows of W+ carry
each emotion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from directions.calibration.edits import People, measure_edits
from directions.calibration.faces import map_calm_faces
from directions.calibration.report import add_edits, add_rows, apply_calibration
from directions.calibration.rows import RowShares, ablate_rows
from directions.calibration.sweep import (
    FURTHEST,
    THRESHOLDS,
    Calibration,
    FullAt,
    Limits,
    Trial,
    calibrate_direction,
)
from synth.emotions import Emotion
from synth.faces.observers import FaceEncoder, fetch_models, need_encoder
from synth.generators.base import Generator
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.masks import MASKS, LayerMask
from synth.progress import Progress, Report, ignore_progress

#: Farther than this many coefficients no picture shows a face.
MOST_FURTHEST = 10


@dataclass(frozen=True)
class CalibrationSettings:
    """What directions are calibrated on, and how far they may go.

    directions: file of the set; None for the generator's own. faces: how many people, of seeds
    from `first_seed` on, truncated by `psi`. full_at, furthest: see
    `directions.calibration.sweep`. identity_budget: largest distance of 95 % of the faces from
    their calm ones; None: any. search_rows: find the rows that carry each emotion. held_out: how
    many other people, of seeds from 0 on, the finished set is measured on; 0: none.
    Raises ValueError for numbers that make no sense.
    """

    directions: str | None = None
    mask: LayerMask = MASKS["emotion"]
    faces: int = 24
    first_seed: int = 100_000
    psi: float | int = 0.7
    full_at: FullAt = "saturation"
    furthest: float | int = FURTHEST
    identity_budget: float | int | None = None
    search_rows: bool = False
    held_out: int = 24

    def __post_init__(self) -> None:
        if self.faces < 1:
            raise ValueError(f"needs at least 1 face to calibrate on; got faces={self.faces}")
        if not 1 <= self.furthest <= MOST_FURTHEST:
            raise ValueError(
                f"needs furthest from 1 to {MOST_FURTHEST:g}; got {self.furthest:g}; try "
                "full_at=present, which goes no further than the present coefficients"
            )
        if not 0 <= self.held_out <= self.first_seed:
            raise ValueError(
                f"needs held_out from 0 to first_seed, {self.first_seed}, so that nobody is on "
                f"both sides; got {self.held_out}"
            )

    @property
    def seeds(self) -> range:
        """The people."""
        return range(self.first_seed, self.first_seed + self.faces)

    def check_encoder(self, observer: object) -> FaceEncoder | None:
        """The encoder of persons. Raises ValueError where a budget needs somebody."""
        if self.identity_budget is not None:
            return need_encoder(observer, "identity_budget")
        return observer if isinstance(observer, FaceEncoder) else None


@dataclass(frozen=True, eq=False)
class Watchers:
    """Who looks: `scorer` classifies emotions while calibrating; `observer`, if it is an encoder,
    compares persons; `judge` classifies edits by the finished set, None: the scorer itself."""

    scorer: EmotionScorer
    observer: object = None
    judge: EmotionScorer | None = None

    @property
    def reporter(self) -> EmotionScorer:
        """Who reports on the finished set."""
        return self.scorer if self.judge is None else self.judge


@dataclass(frozen=True, eq=False)
class CalibratedSet:
    """The set, what was found for each direction, and, where asked, which rows carry it."""

    directions: DirectionSet
    found: Mapping[Emotion, Calibration]
    rows: Mapping[Emotion, RowShares] = field(default_factory=dict)


def calibrate_set(
    generator: Generator,
    settings: CalibrationSettings,
    watchers: Watchers,
    report: Report = ignore_progress,
) -> CalibratedSet:
    """Calibrate every direction of the set, and measure the finished set on other people.

    Raises ValueError for directions that the scorer does not answer to.
    """
    scorer, encoder = watchers.scorer, settings.check_encoder(watchers.observer)
    fetch_models(scorer, encoder, watchers.reporter)
    fitted = load_directions_for(generator, settings.directions)
    faces = map_calm_faces(generator, fitted, settings.mask, settings.seeds, settings.psi)
    trial = Trial(generator, faces, settings.mask, scorer, encoder)
    limits = Limits(settings.full_at, settings.furthest, settings.identity_budget)
    found: dict[Emotion, Calibration] = {}
    for emotion, direction in fitted.directions.items():
        found[emotion] = calibrate_direction(trial, emotion, direction, limits)
        note = describe_calibration(emotion, direction.coefficient, found[emotion])
        report(Progress("calibrate", note=note))
    calibrated = apply_calibration(fitted, found, _list_conditions(settings, trial))
    shares: dict[Emotion, RowShares] = {}
    for emotion, direction in calibrated.directions.items() if settings.search_rows else ():
        shares[emotion] = ablate_rows(generator, faces, emotion, direction, scorer)
        report(Progress("rows", note=describe_rows(emotion, shares[emotion])))
    calibrated = add_rows(calibrated, shares) if shares else calibrated
    if settings.held_out:
        people = People(range(settings.held_out), settings.psi)
        figures = measure_edits(generator, calibrated, settings.mask, people, watchers.reporter)
        calibrated = add_edits(calibrated, figures, people, watchers.reporter.name)
        note = f"{figures.accuracy:.1%} recognised by {watchers.reporter.name}"
        report(Progress("held out", note=f"{settings.held_out} people, {note}"))
    return CalibratedSet(calibrated, found, shares)


def describe_calibration(emotion: Emotion, before: float, found: Calibration) -> str:
    """A line on what was found."""
    turned = "turned round, " if found.sign < 0 else ""
    limits = {
        "response": "limited by the response",
        "identity": "limited by identity",
        "range": "the response still rises at the end of the sweep: try a larger furthest",
    }
    return (
        f"{emotion.label:10s} {turned}coefficient {before:.2f} -> {found.coefficient:.2f}, "
        + limits[found.limited_by]
    )


def describe_rows(emotion: Emotion, shares: RowShares) -> str:
    """A line on which rows carry an emotion."""
    share = shares.first[shares.stop - 1]
    return f"{emotion.label:10s} rows 0 to {shares.stop - 1} have {share:.0%} of the response"


def _list_conditions(settings: CalibrationSettings, trial: Trial) -> dict[str, object]:
    """How it was measured, for the card."""
    return {
        "scorer": trial.scorer.name,
        "encoder": None if trial.encoder is None else trial.encoder.name,
        "seeds": [settings.seeds[0], settings.seeds[-1]],
        "psi": settings.psi,
        "rows": [settings.mask.layer_start, settings.mask.layer_stop],
        "identity_budget": settings.identity_budget,
        "full_at": settings.full_at,
        "furthest": 1.0 if settings.full_at == "present" else settings.furthest,
        **THRESHOLDS,
    }
