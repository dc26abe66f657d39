"""How strongly to regularise: the strongest that tells emotions apart as well as the best.

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
from directions.fitting.samples import LabelledLatents, choose_examples, fold_subjects
from directions.fitting.settings import FitSettings
from synth.emotions import Emotion

CANDIDATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
#: Taken where there are too few people to choose.
DEFAULT_C = 1e-4
#: A difference in AUC that nobody will see in an edit.
MEANINGLESS = 1e-3
#: Samples that take part in choosing, whole people at a time; more add time and no insight.
CHOOSING_SAMPLES = 6000


@dataclass(frozen=True)
class ChosenStrength:
    """C, and the mean AUC over folds that each candidate had (empty where C was given)."""

    c: float
    aucs: Mapping[float, float] = field(default_factory=dict)


def choose_strengths(
    labelled: LabelledLatents,
    emotions: Sequence[Emotion],
    num_layers: int,
    settings: FitSettings,
) -> dict[Emotion, ChosenStrength]:
    """C for each emotion; one for all where all seven are fitted at once."""
    if settings.c is not None or settings.model == "mean":
        return {emotion: ChosenStrength(settings.c or DEFAULT_C) for emotion in emotions}
    tables = _measure_candidates(_thin(labelled, settings.seed), emotions, num_layers, settings)
    if settings.contrast == "multinomial":
        pooled = [
            np.nanmean([tables[e][:, k] for e in emotions], 0) for k in range(len(CANDIDATES))
        ]
        chosen = _choose(np.stack(pooled, 1))
        return dict.fromkeys(emotions, chosen)
    return {emotion: _choose(tables[emotion]) for emotion in emotions}


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
        emotion: sum(
            own[emotion].score(block) / np.linalg.norm(own[emotion].normal)
            for block, own in zip(blocks, boundaries, strict=True)
        )
        for emotion in boundaries[0]
    }


def _measure_candidates(
    labelled: LabelledLatents,
    emotions: Sequence[Emotion],
    num_layers: int,
    settings: FitSettings,
) -> dict[Emotion, np.ndarray]:
    """AUC [fold, candidate] of each emotion, NaN where a fold lacks it or calm."""
    folds = list(fold_subjects(labelled.emotions, labelled.subjects, settings.seed))
    tables = {e: np.full((len(folds), len(CANDIDATES)), np.nan) for e in emotions}
    for f, (train, test) in enumerate(folds):
        fitted, measured = labelled.select(train), labelled.select(test)
        blocks, unseen = (view_blocks(part, num_layers, settings) for part in (fitted, measured))
        for k, c in enumerate(CANDIDATES):
            strengths = dict.fromkeys(emotions, c)
            boundaries = [fit_boundaries(b, fitted.emotions, strengths, settings) for b in blocks]
            for emotion, scores in score_blocks(unseen, boundaries).items():
                is_calm, is_clear = choose_examples(measured, emotion)
                if is_calm.any() and is_clear.any():
                    used = is_calm | is_clear
                    tables[emotion][f, k] = roc_auc_score(is_clear[used], scores[used])
    return tables


def _choose(table: np.ndarray) -> ChosenStrength:
    """One standard error rule on AUC [fold, candidate]."""
    table = table[np.isfinite(table).all(1)]
    if not len(table):
        return ChosenStrength(DEFAULT_C)
    means = table.mean(0)
    best = int(means.argmax())
    error = table[:, best].std(ddof=1) / len(table) ** 0.5 if len(table) > 1 else 0.0
    good = means >= means[best] - max(error, MEANINGLESS)
    chosen = min(c for c, is_good in zip(CANDIDATES, good, strict=True) if is_good)
    return ChosenStrength(chosen, dict(zip(CANDIDATES, map(float, means), strict=True)))


def _thin(labelled: LabelledLatents, seed: int) -> LabelledLatents:
    """Random people, until there are enough samples."""
    if len(labelled.emotions) <= CHOOSING_SAMPLES:
        return labelled
    people = np.random.default_rng(seed).permutation(np.unique(labelled.subjects))
    counts = {int(s): int(n) for s, n in zip(*np.unique(labelled.subjects, return_counts=True))}
    total = np.cumsum([counts[int(person)] for person in people])
    kept = people[: max(2, int(np.searchsorted(total, CHOOSING_SAMPLES)))]
    return labelled.select(np.flatnonzero(np.isin(labelled.subjects, kept)))
