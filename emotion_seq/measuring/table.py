"""Trained networks beside what they must beat, on the same sequences: rows for a table.

In: sequences to learn from and to test on, and a network. Out: `Row`s and their Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from emotion_seq.measuring.baselines import NGram, Predictor, predict_followers
from emotion_seq.measuring.regression import LastEmotionsRegression
from emotion_seq.measuring.scores import Scores, score_predictions
from emotion_seq.model import encode_sequences, predict_steps
from emotion_seq.sequences import EmotionSequence

ORDERS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Row:
    """One predictor's scores. An n-gram's accuracy is that of plain back-off."""

    name: str
    scores: Scores

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        return {"name": self.name, **asdict(self.scores), "macro_f1": self.scores.macro_f1}


def score_baselines(train: Sequence[EmotionSequence], test: Sequence[EmotionSequence]) -> list[Row]:
    """Learned on `train`: the most frequent emotion, n-grams of order 1 to 3, and the logistic
    regression on the last two emotions."""
    predictors: list[Predictor] = [NGram(order).fit(train) for order in ORDERS]
    predictors.append(LastEmotionsRegression().fit(train))
    rows = []
    for predictor in predictors:
        probabilities, chosen, truth = predict_followers(predictor, test)
        scores = score_predictions(probabilities, truth)
        accuracy = float((chosen == truth).mean())
        rows.append(Row(predictor.name, replace(scores, accuracy=accuracy)))
    return rows


def score_model(name: str, model: Any, test: Sequence[EmotionSequence]) -> Row:
    """The network on every emotion but the first of each sequence."""
    steps = encode_sequences(test)
    probabilities, _ = predict_steps(model, steps)
    counted = steps.after_first
    return Row(name, score_predictions(probabilities[counted], steps.next_emotions[counted]))


def write_table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        "| predictor | accuracy | perplexity | calibration error | macro F1 |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        one = row.scores
        lines.append(
            f"| {row.name} | {one.accuracy:.1%} | {one.perplexity:.3f} | "
            f"{one.calibration_error:.3f} | {one.macro_f1:.3f} |"
        )
    return "\n".join(lines) + "\n"
