"""How good are predictions of the next emotion: accuracy, perplexity, calibration, F1 by class.

In: probabilities [event, 7] and what came [event]. Out: `Scores`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from synth.emotions import Emotion

CALIBRATION_BINS = 10
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Scores:
    """`calibration_error`: mean distance of stated and true accuracy over bins of confidence
    (Guo et al. 2017, equation 3). `f1` by label; NaN for a class that never came nor was said."""

    count: int
    accuracy: float
    perplexity: float
    calibration_error: float
    f1: dict[str, float]

    @property
    def macro_f1(self) -> float:
        """The mean over the classes that there are."""
        return float(np.nanmean(list(self.f1.values())))


def score_predictions(
    probabilities: Float[np.ndarray, "event 7"], truth: Int[np.ndarray, " event"]
) -> Scores:
    """Compare; raises ValueError without events, or for rows that do not sum to 1."""
    if not len(truth):
        raise ValueError("needs at least one predicted emotion to measure; got none")
    if not np.allclose(probabilities.sum(1), 1, atol=1e-3):
        raise ValueError("needs probabilities that sum to 1 in each row")
    chosen, confidence = probabilities.argmax(1), probabilities.max(1)
    hits = chosen == truth
    surprise = -np.log(probabilities[np.arange(len(truth)), truth].clip(_LEAST_PROBABILITY))
    f1 = {}
    for emotion in Emotion:
        said, came = chosen == emotion, truth == emotion
        total = said.sum() + came.sum()
        f1[emotion.label] = float(2 * (said & came).sum() / total) if total else float("nan")
    return Scores(
        count=len(truth),
        accuracy=float(hits.mean()),
        perplexity=float(np.exp(surprise.mean())),
        calibration_error=compute_calibration_error(confidence, hits),
        f1=f1,
    )


def compute_calibration_error(
    confidence: Float[np.ndarray, " event"], hits: np.ndarray, bins: int = CALIBRATION_BINS
) -> float:
    """0: what is said with p is right in p of the cases; 1: always sure and always wrong."""
    homes = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[homes == home].mean() - hits[homes == home].mean()) * (homes == home).sum()
        for home in np.unique(homes)
    ]
    return float(sum(gaps) / len(hits))
