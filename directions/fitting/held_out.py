"""How well directions recognise emotions of people who were not fitted, against chance.

The same fit is made without some people; then its directions, set apart as they ship, are measured
on those people.

    reading of a face x:   s_e = (x . v_e - calm_e) / (full_e - calm_e),  0 calm, 1 in full
    its answer:            the largest s_e, or calm where none reaches SHOWN
    chance:                under shuffled labels an AUC has mean 1/2 and variance
                           (m + n + 1) / (12 m n) for m calm faces and n others (Mann, Whitney 1947)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from sklearn.metrics import roc_auc_score

from directions.fitting.samples import (
    CLEAR_INTENSITY,
    Indices,
    LabelledLatents,
    choose_examples,
    split_subjects,
)
from directions.fitting.settings import FitSettings
from directions.fitting.vectors import fit_vectors, measure_levels, project
from synth.emotions import Emotion

#: Half way from calm to the weakest clear example: from here on a face shows something.
SHOWN = CLEAR_INTENSITY / 2
#: Standard deviations that shuffled labels exceed in 1 % of fits, all directions together, and in
#: 5 %, one direction alone.
CHANCE_ALL, CHANCE_ONE = 2.33, 1.645


@dataclass(frozen=True)
class HeldOutAuc:
    """Area under the ROC curve of projections, emotion against calm, on `calm` and `shown` faces of
    people who were not fitted."""

    auc: float
    calm: int
    shown: int

    @property
    def spread(self) -> float:
        """Standard deviation of the AUC under shuffled labels."""
        return ((self.calm + self.shown + 1) / (12 * self.calm * self.shown)) ** 0.5

    @property
    def deviation(self) -> float:
        """How far above chance, in those standard deviations."""
        return (self.auc - 0.5) / self.spread

    @property
    def largest_deviation(self) -> float:
        """That of a perfect direction on as many faces."""
        return 0.5 / self.spread

    @property
    def is_chance(self) -> bool:
        """Whether shuffled labels would do as well, where there are faces enough to tell."""
        return self.deviation < CHANCE_ONE <= self.largest_deviation


def check_above_chance(found: Sequence[HeldOutAuc]) -> None:
    """Raise ValueError for directions that are, all together, no better than shuffled labels.

    Where there are too few held-out faces to tell, nothing is refused. The mean of k deviations has
    variance (1 + (k - 1) r) / k, where r, at most n / (m + n), comes from the calm faces shared.
    """
    shared = np.mean([one.shown / (one.shown + one.calm) for one in found])
    limit = CHANCE_ALL * ((1 + (len(found) - 1) * shared) / len(found)) ** 0.5
    if np.mean([one.largest_deviation for one in found]) < limit:
        return
    if np.mean([one.deviation for one in found]) < limit:
        aucs = ", ".join(f"{one.auc:.2f}" for one in found)
        raise ValueError(
            "needs labels that the latents of held-out people separate; got AUC "
            f"{aucs}, as shuffled labels would; try other labels or another classifier, and look "
            "at the generator's pictures"
        )


class HeldOutFit:
    """Directions fitted on the people of `split[0]`, to be measured on those of `split[1]`."""

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
        self._train = examples.select(train)
        self.vectors = fit_vectors(self._train, num_layers, c, settings)

    def measure_auc(self, emotion: Emotion) -> HeldOutAuc:
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
            vectors = fit_vectors(part, self.num_layers, self.c, self.settings)
        scores = project(examples.latents[test], vectors[emotion])
        auc = float(roc_auc_score(is_clear[test], scores))
        shown = int(is_clear[test].sum())
        return HeldOutAuc(auc, len(test) - shown, shown)

    def count_confusions(self) -> Int[np.ndarray, "7 7"]:
        """[shown, answered] of the held-out people: the largest reading, or calm below SHOWN."""
        part = self.examples.select(self.test)
        readings = np.full((len(part.emotions), len(Emotion)), -np.inf)
        readings[:, Emotion.CALM] = SHOWN
        for emotion, vector in self.vectors.items():
            levels = measure_levels(self._train, emotion, vector)
            if levels.full > levels.calm:
                beyond = project(part.latents, vector) - levels.calm
                readings[:, emotion] = beyond / (levels.full - levels.calm)
        confusion = np.zeros((len(Emotion), len(Emotion)), np.int64)
        np.add.at(confusion, (part.emotions, readings.argmax(1)), 1)
        return confusion
