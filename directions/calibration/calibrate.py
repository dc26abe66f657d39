"""A set of directions and a generator -> the same set, calibrated on faces.

In: a set of directions, who tells emotions and persons apart. Out: the set with a coefficient that
makes intensity 1 the full emotion, within the identity budget where one is given; the curves; and,
where asked, which rows of W+ carry each emotion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from directions.calibration.faces import map_calm_faces
from directions.calibration.report import add_rows, apply_calibration
from directions.calibration.rows import RowShares, ablate_rows
from directions.calibration.sweep import Calibration, Limits, Trial, calibrate_direction
from synth.emotions import Emotion
from synth.faces.observers import FaceEncoder, fetch_models, need_encoder
from synth.generators.base import Generator
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.direction_sets import DirectionSet, load_directions_for
from synth.motion.masks import MASKS, LayerMask
from synth.progress import Progress, Report, ignore_progress

#: Beyond so many coefficients no face is a face.
MOST_FURTHEST = 10


@dataclass(frozen=True)
class CalibrationSettings:
    """What directions are calibrated on, and how far they may go.

    directions: file of the set; None for the generator's own. faces: how many people, of seeds
    from `first_seed` on, truncated by `psi`. identity_budget: largest distance of 95 % of the
    faces from their calm ones; None: any. furthest: where to stop looking, in present
    coefficients. search_rows: find the rows that carry each emotion.
    Raises ValueError for numbers that make no sense.
    """

    directions: str | None = None
    mask: LayerMask = MASKS["emotion"]
    faces: int = 24
    first_seed: int = 100_000
    psi: float | int = 0.7
    identity_budget: float | int | None = None
    furthest: float | int = 2.0
    search_rows: bool = False

    def __post_init__(self) -> None:
        if self.faces < 1:
            raise ValueError(f"needs at least 1 face to calibrate on; got faces={self.faces}")
        if not 0 < self.furthest <= MOST_FURTHEST:
            raise ValueError(
                f"needs furthest above 0, up to {MOST_FURTHEST:g}; got {self.furthest:g}"
            )

    @property
    def seeds(self) -> range:
        """The people."""
        return range(self.first_seed, self.first_seed + self.faces)

    def check_encoder(self, observer: object) -> FaceEncoder | None:
        """Who tells persons apart. Raises ValueError where a budget needs somebody."""
        if self.identity_budget is not None:
            return need_encoder(observer, "identity_budget")
        return observer if isinstance(observer, FaceEncoder) else None


@dataclass(frozen=True, eq=False)
class CalibratedSet:
    """The set, what was found for each direction, and, where asked, which rows carry it."""

    directions: DirectionSet
    found: Mapping[Emotion, Calibration]
    rows: Mapping[Emotion, RowShares] = field(default_factory=dict)


def calibrate_set(
    generator: Generator,
    settings: CalibrationSettings,
    scorer: EmotionScorer,
    observer: object = None,
    report: Report = ignore_progress,
) -> CalibratedSet:
    """Calibrate every direction of the set. `observer`, if it is an encoder, measures identity.

    Raises ValueError for directions that the scorer does not answer to.
    """
    encoder = settings.check_encoder(observer)
    fetch_models(scorer, encoder)
    fitted = load_directions_for(generator, settings.directions)
    faces = map_calm_faces(generator, fitted, settings.mask, settings.seeds, settings.psi)
    trial = Trial(generator, faces, settings.mask, scorer, encoder)
    limits = Limits(settings.furthest, settings.identity_budget)
    found: dict[Emotion, Calibration] = {}
    for emotion, direction in fitted.directions.items():
        found[emotion] = calibrate_direction(trial, emotion, direction, limits)
        note = describe_calibration(emotion, direction.coefficient, found[emotion])
        report(Progress("calibrate", note=note))
    calibrated = apply_calibration(fitted, found, _list_conditions(settings, trial))
    if not settings.search_rows:
        return CalibratedSet(calibrated, found)
    shares: dict[Emotion, RowShares] = {}
    for emotion, direction in calibrated.directions.items():
        shares[emotion] = ablate_rows(generator, faces, emotion, direction, scorer)
        report(Progress("rows", note=describe_rows(emotion, shares[emotion])))
    return CalibratedSet(add_rows(calibrated, shares), found, shares)


def describe_calibration(emotion: Emotion, before: float, found: Calibration) -> str:
    """A line on what was found."""
    turned = "turned round, " if found.sign < 0 else ""
    return (
        f"{emotion.label:10s} {turned}coefficient {before:.2f} -> {found.coefficient:.2f}, "
        f"limited by {found.limited_by}"
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
        "furthest": settings.furthest,
    }
