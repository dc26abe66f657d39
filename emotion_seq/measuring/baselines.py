"""What a network must beat: the most frequent emotion, and n-grams that back off.

An n-gram of order k looks at the last k emotions. Its choice is the most frequent follower of the
longest context that was seen (plain back-off); its probabilities mix all shorter contexts in
(Witten and Bell 1991): with c of n followers, of t kinds,

    p_k(e | context) = (c(e) + t p_(k-1)(e)) / (n + t),   p_(-1) even,

and the emotion that is there cannot come next. Order 0 is the most frequent emotion.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from emotion_seq.sequences import EmotionSequence
from synth.emotions import Emotion

Odds = Float[np.ndarray, "7"]


@runtime_checkable
class Predictor(Protocol):
    """Has learned from sequences, and predicts what follows."""

    name: str

    def choose(self, history: Sequence[int]) -> int:
        """The follower that it would bet on."""
        ...

    def predict(self, history: Sequence[int]) -> Odds:
        """Probabilities of the follower."""
        ...


class NGram:
    """Counts of what follows what, up to `order` emotions back."""

    def __init__(self, order: int) -> None:
        if order < 0:
            raise ValueError(f"needs an order of 0 or more; got {order}")
        self.order = order
        self.name = f"n-gram, order {order}" if order else "most frequent"
        self._counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)

    def fit(self, sequences: Sequence[EmotionSequence]) -> NGram:
        """Count; -> itself."""
        for one in sequences:
            emotions = one.emotions
            for at in range(len(emotions)):
                for length in range(min(self.order, at) + 1):
                    self._counts[tuple(emotions[at - length : at])][emotions[at]] += 1
        return self

    def choose(self, history: Sequence[int]) -> int:
        """The follower by plain back-off; of equally frequent ones, the one seen first."""
        for length in range(min(self.order, len(history)), -1, -1):
            seen = self._counts.get(tuple(history[len(history) - length :]))
            if seen:
                return seen.most_common(1)[0][0]
        raise ValueError("needs to be fitted before it chooses; try fit(sequences)")

    def predict(self, history: Sequence[int]) -> Odds:
        """Probabilities of the follower, mixed over contexts."""
        mixed = np.full(len(Emotion), 1 / len(Emotion))
        for length in range(min(self.order, len(history)) + 1):
            seen = self._counts.get(tuple(history[len(history) - length :]))
            if seen is None:
                break
            counts = np.array([seen[emotion] for emotion in range(len(Emotion))], np.float64)
            kinds = np.count_nonzero(counts)
            mixed = (counts + kinds * mixed) / (counts.sum() + kinds)
        if history and self.order:
            mixed[history[-1]] = 0
        return mixed / mixed.sum()


def predict_followers(
    predictor: Predictor, sequences: Sequence[EmotionSequence]
) -> tuple[Float[np.ndarray, "event 7"], Int[np.ndarray, " event"], Int[np.ndarray, " event"]]:
    """Every emotion but the first of each sequence: its probabilities, the choice, what came."""
    probabilities, chosen, truth = [], [], []
    for one in sequences:
        emotions = one.emotions
        for at in range(1, len(emotions)):
            probabilities.append(predictor.predict(emotions[:at]))
            chosen.append(predictor.choose(emotions[:at]))
            truth.append(emotions[at])
    return np.array(probabilities).reshape(-1, len(Emotion)), np.array(chosen), np.array(truth)
