"""A multinomial logistic regression on the last emotions: the simplest model that can weigh them.

In: sequences. Out: probabilities of what follows a history. With x_k the one-hot vector of the
emotion k places back (or of the start, before the first),

    p(e | history) ~ exp(b_e + sum_k W_k,e x_k)   for e other than the emotion that is there, else 0

so each of the last emotions speaks for itself; an n-gram counts them together. A network that is
given the last two emotions at its output can do as much without any LSTM layer: this is what such a
network must beat.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression

from emotion_seq.measuring.baselines import Odds
from emotion_seq.sequences import EmotionSequence
from synth.emotions import Emotion

CLASSES = len(Emotion)
#: What stands for no emotion, before the first.
START = CLASSES
#: An emotion that never followed anything is this likely.
_LEAST = 1e-6


class LastEmotionsRegression:
    """`order` emotions back; `c` is the inverse strength of the L2 penalty, as in scikit-learn."""

    def __init__(self, order: int = 2, c: float = 1.0) -> None:
        if order < 1 or not c > 0:
            raise ValueError(f"needs an order of 1 or more and c above 0; got {order} and {c}")
        self.order, self.c = order, c
        self.name = f"logistic regression on the last {order}"
        self._fitted: LogisticRegression | None = None
        self._only: int | None = None

    def fit(self, sequences: Sequence[EmotionSequence]) -> LastEmotionsRegression:
        """Learn from every emotion but the first of each sequence; -> itself."""
        histories = [one.emotions[:at] for one in sequences for at in range(1, len(one.runs))]
        followers = [one.emotions[at] for one in sequences for at in range(1, len(one.runs))]
        if not followers:
            raise ValueError("needs sequences of two emotions or more to learn from; got none")
        # Where always the same follows there is nothing to weigh, and scikit-learn refuses.
        self._only = followers[0] if len(set(followers)) == 1 else None
        if self._only is None:
            inputs = np.stack([self._encode(history) for history in histories])
            self._fitted = LogisticRegression(C=self.c, max_iter=2000).fit(inputs, followers)
        return self

    def predict(self, history: Sequence[int]) -> Odds:
        """Probabilities of the follower of one emotion or more."""
        odds = np.full(CLASSES, _LEAST)
        if self._only is not None:
            odds[self._only] = 1
        elif self._fitted is not None:
            known = np.asarray(self._fitted.classes_, int)
            odds[known] += self._fitted.predict_proba(self._encode(history)[None])[0]
        else:
            raise ValueError("needs to be fitted before it predicts; try fit(sequences)")
        if history:
            odds[history[-1]] = 0
        return odds / odds.sum()

    def choose(self, history: Sequence[int]) -> int:
        """The likeliest follower."""
        return int(self.predict(history).argmax())

    def _encode(self, history: Sequence[int]) -> Float[np.ndarray, " feature"]:
        last = [*[START] * self.order, *history][-self.order :]
        return np.eye(CLASSES + 1)[last].ravel()
