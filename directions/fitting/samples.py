"""Latents whose emotions are known, and who is fitted and who is held out.

People are never split: all latents of a subject are on one side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

from synth.emotions import Emotion

#: Labels weaker than this are neither calm nor an example of their emotion.
CLEAR_INTENSITY = 0.5
#: Latents from which the coefficient is measured.
FULL_INTENSITY = 0.9
#: Ways to split the people that are tried; of few people, some leave a class in one part only.
SPLITS = 64
FOLDS = 5

Indices = Int[np.ndarray, "_"]


@dataclass(frozen=True, eq=False)
class LabelledLatents:
    """Latents with known emotions.

    latents in W [sample, w_dim], one row for all layers, or in W+ [sample, layer, w_dim];
    emotions [sample], 0 to 6; intensities [sample], 0 to 1; subjects [sample], samples of one
    person share a number; attributes: name -> [sample], what else is known of each (yaw, age,
    glasses ...), as numbers.
    """

    latents: Float[np.ndarray, "sample *row w_dim"]
    emotions: Int[np.ndarray, " sample"]
    intensities: Float[np.ndarray, " sample"]
    subjects: Int[np.ndarray, " sample"]
    attributes: Mapping[str, Float[np.ndarray, " sample"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not np.isfinite(self.latents).all():
            raise ValueError("needs finite latents; got NaN or infinity")
        for name, values in self.attributes.items():
            if values.shape != self.emotions.shape or not np.isfinite(values).all():
                raise ValueError(
                    f"needs a finite number of {name} for each of {len(self.emotions)} latents; "
                    f"got shape {values.shape}, {np.isfinite(values).sum()} finite"
                )
        labels = [emotion.label for emotion in self.list_emotions()]
        if Emotion.CALM.label not in labels or len(labels) < 2:
            raise ValueError(
                "needs latents of calm and of at least one other emotion; got "
                f"{', '.join(labels) or 'none'}"
            )

    def list_emotions(self) -> list[Emotion]:
        """The emotions that at least one latent has."""
        return [emotion for emotion in Emotion if (self.emotions == emotion).any()]

    def select(self, chosen: Indices) -> LabelledLatents:
        """Some of the samples, in this order."""
        return LabelledLatents(
            self.latents[chosen],
            self.emotions[chosen],
            self.intensities[chosen],
            self.subjects[chosen],
            {name: values[chosen] for name, values in self.attributes.items()},
        )

    def find_examples(self) -> Indices:
        """Samples that are calm, or show their emotion clearly."""
        is_clear = self.intensities >= CLEAR_INTENSITY
        return np.flatnonzero((self.emotions == Emotion.CALM) | is_clear)


def choose_examples(
    labelled: LabelledLatents, emotion: Emotion
) -> tuple[Bool[np.ndarray, " sample"], Bool[np.ndarray, " sample"]]:
    """Which latents are calm, and which show the emotion clearly."""
    is_clear = (labelled.emotions == emotion) & (labelled.intensities >= CLEAR_INTENSITY)
    return labelled.emotions == Emotion.CALM, is_clear


def check_examples(labelled: LabelledLatents, emotion: Emotion) -> None:
    """Raise ValueError unless two people or more show the emotion clearly, and two or more calm.

    With fewer, nobody would be left to measure on.
    """
    is_calm, is_clear = choose_examples(labelled, emotion)
    calm, clear = (len(np.unique(labelled.subjects[chosen])) for chosen in (is_calm, is_clear))
    if min(calm, clear) < 2:
        raise ValueError(
            f"needs latents of {emotion.label} with intensity {CLEAR_INTENSITY} or more from at "
            f"least 2 subjects, and calm ones from at least 2; got {is_clear.sum()} from {clear} "
            f"and {is_calm.sum()} from {calm}; try more people, or leave {emotion.label} out"
        )


def split_subjects(
    classes: Int[np.ndarray, " sample"] | Bool[np.ndarray, " sample"],
    subjects: Int[np.ndarray, " sample"],
    seed: int,
) -> tuple[Indices, Indices]:
    """Indices to fit and to measure on: a fifth of the people, half of them where they are few.

    Both parts have every class where one of the splits tried manages it; otherwise the split with
    most classes in both parts, among them calm, which is class 0. Of two classes from two people
    or more each, one always does.
    """
    everything, best, most = len(np.unique(classes)), None, 0
    for share in (0.2, 0.5):
        shuffle = GroupShuffleSplit(SPLITS, test_size=share, random_state=seed)
        for train, test in shuffle.split(classes, classes, subjects):
            shared = np.intersect1d(classes[train], classes[test])
            if Emotion.CALM in shared and len(shared) > most:
                best, most = (train, test), len(shared)
            if len(shared) == everything:
                return train, test
    if best is None or most < 2:
        raise ValueError(
            f"needs two classes or more from at least 2 subjects each; got "
            f"{len(np.unique(subjects))} subjects that cannot be split so; try more people"
        )
    return best


def fold_subjects(
    classes: Int[np.ndarray, " sample"], subjects: Int[np.ndarray, " sample"], seed: int
) -> Iterator[tuple[Indices, Indices]]:
    """Up to FOLDS pairs (to fit, to measure), each person measured once; none for fewer than two
    people of a class."""
    people = [len(np.unique(subjects[classes == value])) for value in np.unique(classes)]
    count = min(FOLDS, *people)
    if count >= 2:
        folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        yield from folds.split(classes, classes, subjects)
