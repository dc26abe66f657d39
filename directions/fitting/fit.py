"""Labelled latents -> emotion directions, by logistic regression (thesis, sections 3.2 and 4.4).

A boundary tells each emotion's latents from calm ones; its unit normal, cleaned of attributes and
of what emotions have in common, is the direction. Measured on the same latents: the coefficient,
how far along the direction the full emotion lies from calm, and the calm level, where calm faces
lie. Measured on people that were left out: whether emotions are told apart at all. That does not
tell a good direction from a bad one (docs/directions.md).

Symbols: v a direction, unit over all rows of W+; x . v the projection of a face, where one row of W
stands for all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.metrics import roc_auc_score

from directions.fitting.boundaries import Boundary, fit_boundaries, fit_slope
from directions.fitting.orthogonal import Rows, clean_directions, clean_rows
from directions.fitting.samples import (
    FULL_INTENSITY,
    Indices,
    LabelledLatents,
    check_examples,
    choose_examples,
    split_subjects,
)
from directions.fitting.settings import FitSettings
from directions.fitting.strengths import ChosenStrength, choose_strength, score_blocks, view_blocks
from synth.emotions import Emotion
from synth.motion.directions import Direction


@dataclass(frozen=True, eq=False)
class FittedEmotion:
    """One direction with what was measured on its latents.

    calm_level: mean projection of calm faces, all rows of W+ together, on the direction;
    held_out_auc: area under the ROC curve of projections, emotion against calm, on subjects that
    were not fitted; count: latents of the emotion that were used.
    """

    direction: Direction
    calm_level: float
    held_out_auc: float
    count: int


@dataclass(frozen=True, eq=False)
class FittedSet:
    """All emotions, and the seven-way answer of their boundaries on people who were not fitted.

    confusion [shown, told] counts of faces in the order of `Emotion`; held_out: how many people;
    strength: C, and how it was chosen.
    """

    emotions: Mapping[Emotion, FittedEmotion]
    confusion: Int[np.ndarray, "7 7"]
    held_out: int
    strength: ChosenStrength

    @property
    def accuracy(self) -> float:
        """Share of held-out faces told right, each emotion that is there counting the same."""
        shown = self.confusion.sum(1)
        return float((np.diag(self.confusion)[shown > 0] / shown[shown > 0]).mean())

    def describe(self) -> list[str]:
        """Lines on what was found."""
        lines = [
            f"{emotion.label:10s} {found.count:6d} latents, held-out AUC {found.held_out_auc:.4f}, "
            f"coefficient {found.direction.coefficient:.2f}"
            for emotion, found in self.emotions.items()
        ]
        share = f"{self.accuracy:.1%} of faces told right"
        return [*lines, f"C {self.strength.c:g}; held out: {self.held_out} people, {share}"]

    def find_cosines(self) -> Float[np.ndarray, "emotion emotion"]:
        """Cosines between the directions, in their order."""
        flat = torch.stack([f.direction.vector.flatten() for f in self.emotions.values()]).double()
        return (flat @ flat.T).numpy()


def fit_directions(
    labelled: LabelledLatents, num_layers: int, settings: FitSettings | None = None
) -> FittedSet:
    """Fit every emotion there is against calm.

    Raises ValueError, before anything is fitted, for too few people or clear examples of one, and
    for settings that do not fit the latents.
    """
    settings = settings or FitSettings()
    emotions = [e for e in labelled.list_emotions() if e is not Emotion.CALM]
    check_labels(labelled, settings)
    examples = labelled.select(labelled.find_examples())
    split = split_subjects(examples.emotions, examples.subjects, settings.seed)
    # Held-out people have no say in C either.
    strength = choose_strength(examples.select(split[0]), num_layers, settings)
    vectors, _ = find_directions(examples, num_layers, strength.c, settings)
    unseen = HeldOutFit(examples, num_layers, strength.c, settings, split)
    return FittedSet(
        {e: _measure(examples, e, vectors[e], unseen.find_auc(e), settings) for e in emotions},
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


def find_directions(
    examples: LabelledLatents,
    num_layers: int,
    c: float,
    settings: FitSettings,
) -> tuple[dict[Emotion, Rows], list[dict[Emotion, Boundary]]]:
    """Unit directions [layer, w_dim], and the boundaries of each block of rows as they were."""
    blocks = view_blocks(examples, num_layers, settings)
    boundaries = [fit_boundaries(block, examples.emotions, c, settings) for block in blocks]
    vectors = {
        e: _place([b[e].normal for b in boundaries], num_layers, settings) for e in boundaries[0]
    }
    nuisances = [
        _place(
            [fit_slope(b, examples.attributes[name], c, settings.standardise) for b in blocks],
            num_layers,
            settings,
        )
        for name in settings.orthogonal_to
    ]  # fmt: skip
    clean = clean_rows if settings.space == "rows" else clean_directions
    return clean(vectors, nuisances, settings.apart), boundaries


def project(
    latents: Float[np.ndarray, "sample *row w_dim"], vector: Rows
) -> Float[np.ndarray, " sample"]:
    """x . v over all rows; latents in W stand for all rows."""
    if latents.ndim == 2:
        return latents @ vector.sum(0)
    return np.einsum("slw,lw->s", latents, vector, optimize=True)


class HeldOutFit:
    """Directions fitted on the people of `train`, to be measured on those of `test`."""

    def __init__(
        self,
        examples: LabelledLatents,
        num_layers: int,
        c: float,
        settings: FitSettings,
        split: tuple[Indices, Indices],
    ) -> None:
        self.examples, self.num_layers, self.c, self.settings = examples, num_layers, c, settings
        train, self.test = split
        self.vectors, self.boundaries = find_directions(
            examples.select(train), num_layers, c, settings
        )

    def find_auc(self, emotion: Emotion) -> float:
        """Emotion against calm; on people of its own, and not set apart, where the shared ones lack
        either."""
        examples = self.examples
        is_calm, is_clear = choose_examples(examples, emotion)
        used = is_calm | is_clear
        vectors, test = self.vectors, self.test[used[self.test]]
        if emotion not in vectors or len(np.unique(is_clear[test])) < 2:
            own = np.flatnonzero(used)
            seed = self.settings.seed
            train, rest = split_subjects(is_clear[own], examples.subjects[own], seed)
            part, test = examples.select(own[train]), own[rest]
            vectors = find_directions(part, self.num_layers, self.c, self.settings)[0]
        scores = project(examples.latents[test], vectors[emotion])
        return float(roc_auc_score(is_clear[test], scores))

    def count_confusions(self) -> Int[np.ndarray, "7 7"]:
        """[shown, told] of the people of `test`: the highest score, calm having 0."""
        part = self.examples.select(self.test)
        blocks = view_blocks(part, self.num_layers, self.settings)
        scores = score_blocks(blocks, self.boundaries)
        table = np.full((len(part.emotions), len(Emotion)), -np.inf)
        table[:, Emotion.CALM] = 0
        for emotion, column in scores.items():
            table[:, emotion] = column
        confusion = np.zeros((len(Emotion), len(Emotion)), np.int64)
        np.add.at(confusion, (part.emotions, table.argmax(1)), 1)
        return confusion


def _measure(
    examples: LabelledLatents,
    emotion: Emotion,
    vector: Rows,
    auc: float,
    settings: FitSettings,
) -> FittedEmotion:
    is_calm, is_clear = choose_examples(examples, emotion)
    projection = project(examples.latents, vector)
    calm_level = float(projection[is_calm].mean())
    is_full = is_clear & (examples.intensities >= FULL_INTENSITY)
    full_level = float(projection[is_full if is_full.any() else is_clear].mean())
    coefficient = settings.coefficient or full_level - calm_level
    if coefficient <= 0:
        raise ValueError(
            f"needs {emotion.label} to lie beyond calm along its direction; got "
            f"{full_level - calm_level:g}; try fewer attributes in orthogonal_to, "
            "fit.apart=false, or better labels"
        )
    direction = Direction.from_vector(torch.from_numpy(vector), coefficient)
    return FittedEmotion(direction, calm_level, auc, int(is_clear.sum()))


def _place(normals: list[np.ndarray], num_layers: int, settings: FitSettings) -> Rows:
    """Normals of blocks -> one unit direction [layer, w_dim], zeros in rows that are not fitted."""
    if settings.space == "w":
        rows = np.repeat(normals[0][None], num_layers, 0)
    else:
        chosen = settings.list_rows(num_layers)
        fitted = (
            normals[0].reshape(len(chosen), -1)
            if settings.space == "flat"
            else np.stack([normal / np.linalg.norm(normal) for normal in normals])
        )
        rows = np.zeros((num_layers, fitted.shape[1]))
        rows[chosen.start : chosen.stop] = fitted
    return rows / np.linalg.norm(rows)
