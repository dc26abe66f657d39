"""How strongly to regularise: the strongest that separates emotions as well as the best.

Cross-validation over people measures, for each C, the area under the ROC curve of emotion against
calm. It hardly differs over orders of magnitude, while edits get worse with every step towards
weak regularisation; so of all C within one standard error of the best (Breiman et al. 1984), or
within MEANINGLESS of it, the smallest is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.metrics import roc_auc_score

from directions.fitting.boundaries import Boundary, Features, fit_boundaries
from directions.fitting.samples import LabelledLatents, fold_subjects
from directions.fitting.settings import FitSettings
from synth.emotions import Emotion

CANDIDATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
#: Taken where there are too few people to choose.
DEFAULT_C = 1e-4
#: A difference in AUC that nobody will see in an edit.
MEANINGLESS = 1.5e-3
#: Samples that take part in choosing, whole people at a time; more add time and no insight.
CHOOSING_SAMPLES = 4000


@dataclass(frozen=True)
class ChosenStrength:
    """C, and the mean AUC over folds that each candidate had (empty where C was given)."""

    c: float
    aucs: Mapping[float, float] = field(default_factory=dict)


def choose_strength(
    labelled: LabelledLatents, num_layers: int, settings: FitSettings
) -> ChosenStrength:
    """One C for all emotions, so that their scores can be compared."""
    if settings.c is not None or settings.model == "mean":
        return ChosenStrength(settings.c or DEFAULT_C)
    table = _measure_candidates(_thin(labelled, settings.seed), num_layers, settings)
    table = table[np.isfinite(table).all(1)]
    if not len(table):
        return ChosenStrength(DEFAULT_C)
    means = table.mean(0)
    best = int(means.argmax())
    error = table[:, best].std(ddof=1) / len(table) ** 0.5 if len(table) > 1 else 0.0
    good = means >= means[best] - max(error, MEANINGLESS)
    chosen = min(c for c, is_good in zip(CANDIDATES, good, strict=True) if is_good)
    return ChosenStrength(chosen, dict(zip(CANDIDATES, map(float, means), strict=True)))


def view_blocks(
    labelled: LabelledLatents, num_layers: int, settings: FitSettings
) -> list[Features]:
    """What boundaries are fitted on: [sample, feature] once, or for each chosen row.

    Raises ValueError when the space needs W+ and the latents are in W, or have other rows.
    """
    latents = labelled.latents
    if settings.space == "w":
        return [latents if latents.ndim == 2 else latents.mean(1)]
    if latents.ndim != 3 or latents.shape[1] != num_layers:
        raise ValueError(
            f"needs latents in W+ [sample, {num_layers}, w_dim] for space={settings.space}; got "
            f"{list(latents.shape)}; try space=w"
        )
    rows = settings.list_rows(num_layers)
    if settings.space == "rows":
        return [latents[:, row] for row in rows]
    return [latents[:, rows.start : rows.stop].reshape(len(latents), -1)]


def score_blocks(
    blocks: Sequence[Features], boundaries: Sequence[Mapping[Emotion, Boundary]]
) -> dict[Emotion, np.ndarray]:
    """Scores of each emotion [sample]; several rows vote with distances from their boundaries."""
    if len(blocks) == 1:
        return {e: boundary.score(blocks[0]) for e, boundary in boundaries[0].items()}
    return {
        emotion: np.sum(
            [
                own[emotion].score(block) / np.linalg.norm(own[emotion].normal)
                for block, own in zip(blocks, boundaries, strict=True)
            ],
            axis=0,
        )
        for emotion in boundaries[0]
    }


def _measure_candidates(
    labelled: LabelledLatents, num_layers: int, settings: FitSettings
) -> np.ndarray:
    """Mean AUC over emotions [fold, candidate]; NaN where a fold has nothing to tell apart."""
    folds = list(fold_subjects(labelled.emotions, labelled.subjects, settings.seed))
    table = np.full((len(folds), len(CANDIDATES)), np.nan)
    for f, (train, test) in enumerate(folds):
        shown = labelled.emotions[train]
        if Emotion.CALM not in shown or len(np.unique(shown)) < 2:
            continue
        fitted, measured = labelled.select(train), labelled.emotions[test]
        blocks = view_blocks(fitted, num_layers, settings)
        unseen = [block[test] for block in view_blocks(labelled, num_layers, settings)]
        for k, c in enumerate(CANDIDATES):
            boundaries = [fit_boundaries(b, fitted.emotions, c, settings) for b in blocks]
            scores = score_blocks(unseen, boundaries)
            aucs = [
                roc_auc_score(measured[used] == emotion, column[used])
                for emotion, column in scores.items()
                for used in [(measured == Emotion.CALM) | (measured == emotion)]
                if len(np.unique(measured[used])) == 2
            ]
            table[f, k] = np.mean(aucs) if aucs else np.nan
    return table


def _thin(labelled: LabelledLatents, seed: int) -> LabelledLatents:
    """Random people, until there are enough samples."""
    if len(labelled.emotions) <= CHOOSING_SAMPLES:
        return labelled
    people, counts = np.unique(labelled.subjects, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(people))
    enough = int(np.searchsorted(counts[order].cumsum(), CHOOSING_SAMPLES))
    kept = people[order[: max(2, enough)]]
    return labelled.select(np.flatnonzero(np.isin(labelled.subjects, kept)))
