"""Labelled latents -> emotion directions, by logistic regression (thesis, sections 3.2 and 4.4).

A boundary separates each emotion's latents from calm ones; its unit normal, cleaned of attributes
and of what emotions have in common, is the direction. Measured on the same latents: the
coefficient, how far along the direction the full emotion lies from calm, and the calm level, where
calm faces lie. Measured on people that were left out: whether emotions can be recognised at all.
That does not separate good directions from bad ones (docs/directions.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from directions.fitting.held_out import HeldOutAuc, HeldOutFit, check_above_chance
from directions.fitting.orthogonal import Rows
from directions.fitting.samples import (
    LabelledLatents,
    check_examples,
    choose_examples,
    split_subjects,
)
from directions.fitting.settings import FitSettings
from directions.fitting.strengths import ChosenStrength, choose_strength
from directions.fitting.vectors import fit_vectors, measure_levels
from synth.emotions import Emotion
from synth.motion.directions import Direction


@dataclass(frozen=True, eq=False)
class FittedEmotion:
    """One direction with what was measured on its latents.

    calm_level: mean projection of calm faces, all rows of W+ together, on the direction;
    held_out: how well the same fit separates the emotion from calm on people who were not fitted;
    count: latents of the emotion that were used.
    """

    direction: Direction
    calm_level: float
    held_out: HeldOutAuc
    count: int

    @property
    def held_out_auc(self) -> float:
        """Area under the ROC curve."""
        return self.held_out.auc


@dataclass(frozen=True, eq=False)
class FittedSet:
    """All emotions, and the seven-way answer of directions like these, set apart and all, on people
    whom those were not fitted on.

    confusion [shown, answered]: counts of faces by `Emotion`; held_out: how many people;
    strength: C, and how it was chosen.
    """

    emotions: Mapping[Emotion, FittedEmotion]
    confusion: Int[np.ndarray, "7 7"]
    held_out: int
    strength: ChosenStrength

    @property
    def accuracy(self) -> float:
        """Share of held-out faces that are recognised; each emotion there counts the same."""
        shown = self.confusion.sum(1)
        return float((np.diag(self.confusion)[shown > 0] / shown[shown > 0]).mean())

    def describe(self) -> list[str]:
        """Lines on what was found."""
        lines = [
            f"{emotion.label:10s} {found.count:6d} latents, held-out AUC {found.held_out_auc:.4f}, "
            f"coefficient {found.direction.coefficient:.2f}"
            + (": NO BETTER THAN CHANCE" if found.held_out.is_chance else "")
            for emotion, found in self.emotions.items()
        ]
        share = f"{self.accuracy:.1%} of faces recognised"
        return [*lines, f"C {self.strength.c:g}; held out: {self.held_out} people, {share}"]

    def compute_cosines(self) -> Float[np.ndarray, "emotion emotion"]:
        """Cosines between the directions, in their order."""
        flat = torch.stack([f.direction.vector.flatten() for f in self.emotions.values()]).double()
        return (flat @ flat.T).numpy()


def fit_directions(
    labelled: LabelledLatents, num_layers: int, settings: FitSettings | None = None
) -> FittedSet:
    """Fit every emotion there is against calm.

    Raises ValueError, before anything is fitted, for too few people or clear examples of one, and
    for settings that do not fit the latents; and for labels that the latents separate no better
    than chance.
    """
    settings = settings or FitSettings()
    emotions = [e for e in labelled.list_emotions() if e is not Emotion.CALM]
    check_labels(labelled, settings)
    examples = labelled.select(labelled.find_examples())
    split = split_subjects(examples.emotions, examples.subjects, settings.seed)
    # Held-out people have no say in C either.
    strength = choose_strength(examples.select(split[0]), num_layers, settings)
    unseen = HeldOutFit(examples, num_layers, strength.c, settings, split)
    held_out = {e: unseen.measure_auc(e) for e in emotions}
    check_above_chance([*held_out.values()])
    vectors = fit_vectors(examples, num_layers, strength.c, settings)
    return FittedSet(
        {e: _measure(examples, e, vectors[e], held_out[e], settings) for e in emotions},
        unseen.count_confusions(),
        len(np.unique(examples.subjects[split[1]])),
        strength,
    )


def check_labels(labelled: LabelledLatents, settings: FitSettings) -> None:
    """Raise ValueError for labels that cannot be fitted, whatever their latents are."""
    for emotion in labelled.list_emotions():
        if emotion is not Emotion.CALM:
            check_examples(labelled, emotion)
    check_attributes(labelled, settings)


def check_attributes(labelled: LabelledLatents, settings: FitSettings) -> None:
    """Raise ValueError unless every attribute to be orthogonal to is known and varies."""
    for name in settings.orthogonal_to:
        if name not in labelled.attributes:
            known = ", ".join(sorted(labelled.attributes)) or "none"
            raise ValueError(
                f"needs labels of {name} to be orthogonal to it; got attributes {known}"
            )
        if np.ptp(labelled.attributes[name]) == 0:
            raise ValueError(f"needs {name} to vary; got {labelled.attributes[name][0]} for all")


def _measure(
    examples: LabelledLatents,
    emotion: Emotion,
    vector: Rows,
    held_out: HeldOutAuc,
    settings: FitSettings,
) -> FittedEmotion:
    levels = measure_levels(examples, emotion, vector)
    coefficient = settings.coefficient or levels.full - levels.calm
    if coefficient <= 0:
        raise ValueError(
            f"needs {emotion.label} to lie beyond calm along its direction; got "
            f"{levels.full - levels.calm:g}; try fewer attributes in orthogonal_to, "
            "fit.apart=false, or better labels"
        )
    direction = Direction.from_vector(torch.from_numpy(vector), coefficient)
    count = int(choose_examples(examples, emotion)[1].sum())
    return FittedEmotion(direction, levels.calm, held_out, count)
