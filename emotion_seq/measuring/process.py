"""A process whose rules are known: what a network can learn is then known too.

Emotions follow each other by the last two of them, with odds that are written down here; seconds
are log-normal and intensities normal, by emotion. It serves two ends: a network's predictions are
compared with the best possible ones, and the model that ships learned from it, since no public
set of labels that we know may be shipped from without conditions. It was made up by us, from no
data: people calm down between emotions (1), turn from surprise to what surprised them (2), and
seldom go straight back where they came from (3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from emotion_seq.sequences import SHORTEST_RUN_S, EmotionRun, EmotionSequence
from synth.emotions import Emotion
from synth.motion.emotion_track import MAX_INTENSITY

CLASSES = len(Emotion)
SHORTEST_RUNS, LONGEST_RUNS = 4, 24

#: Odds of the next emotion by the one that is there, in the order of `Emotion`.
_FROM = {
    Emotion.CALM: (0, 2, 4, 3, 1, 1, 2),
    Emotion.ANGER: (5, 0, 0.5, 1, 2, 1, 2),
    Emotion.HAPPINESS: (6, 0.5, 0, 2.5, 0.5, 0.3, 0.5),
    Emotion.SURPRISE: (2, 1.5, 4, 0, 1, 3, 0.5),
    Emotion.DISGUST: (4, 3, 0.5, 1, 0, 1, 1),
    Emotion.FEAR: (3, 1, 1, 2, 1, 0, 3),
    Emotion.SADNESS: (6, 2, 1, 0.5, 0.5, 1, 0),
}
#: Going straight back is this much rarer, unless it is back to calm.
_BACK = 0.3
#: A second emotion of one mood is this much likelier after the first of it and a pause.
_MOOD = 4.0
_MOODS = (
    {Emotion.ANGER, Emotion.DISGUST},
    {Emotion.FEAR, Emotion.SADNESS},
    {Emotion.HAPPINESS, Emotion.SURPRISE},
)
#: Median seconds, and how they spread (deviation of the logarithm).
_SECONDS = {
    Emotion.CALM: (2.2, 0.5),
    Emotion.ANGER: (1.6, 0.4),
    Emotion.HAPPINESS: (2.0, 0.45),
    Emotion.SURPRISE: (0.9, 0.3),
    Emotion.DISGUST: (1.2, 0.35),
    Emotion.FEAR: (1.4, 0.4),
    Emotion.SADNESS: (2.6, 0.5),
}
_INTENSITY, _INTENSITY_SPREAD = 0.85, 0.12


@dataclass(frozen=True, eq=False)
class SecondOrderProcess:
    """`odds[a, b]` are the probabilities after a, then b; `first` those of the first emotion, and
    `second[b]` after b alone. `log_s` mean and deviation of the logarithm of seconds."""

    first: Float[np.ndarray, 7]
    second: Float[np.ndarray, "7 7"]
    odds: Float[np.ndarray, "7 7 7"]
    log_s: Float[np.ndarray, "7 2"]
    intensity: tuple[float, float] = (_INTENSITY, _INTENSITY_SPREAD)

    def predict(self, history: Sequence[int]) -> np.ndarray:
        """The true probabilities [7] of what comes after a history of emotions."""
        if not history:
            return self.first
        if len(history) == 1:
            return self.second[history[-1]]
        return self.odds[history[-2], history[-1]]

    def draw(self, count: int, seed: int, film: str = "drawn") -> list[EmotionSequence]:
        """So many sequences of SHORTEST_RUNS to LONGEST_RUNS runs, each a film of its own."""
        random = np.random.default_rng(seed)
        lengths = random.integers(SHORTEST_RUNS, LONGEST_RUNS + 1, count)
        return [
            EmotionSequence(self._draw_runs(int(n), random), f"{film}-{k}")
            for k, n in enumerate(lengths)
        ]

    def _draw_runs(self, count: int, random: np.random.Generator) -> tuple[EmotionRun, ...]:
        emotions: list[int] = []
        runs = []
        for _ in range(count):
            emotion = int(random.choice(CLASSES, p=self.predict(emotions)))
            emotions.append(emotion)
            mean, deviation = self.log_s[emotion]
            seconds = float(np.exp(mean + deviation * random.standard_normal()))
            strength = self.intensity[0] + self.intensity[1] * random.standard_normal()
            strength = 1.0 if emotion == Emotion.CALM else min(max(strength, 0.0), MAX_INTENSITY)
            runs.append(EmotionRun(Emotion(emotion), max(seconds, SHORTEST_RUN_S), strength))
        return tuple(runs)


def make_process() -> SecondOrderProcess:
    """The process of this file's rules."""
    second = np.array([_FROM[emotion] for emotion in Emotion], np.float64)
    odds = np.repeat(second[None], CLASSES, 0)
    for before in Emotion:
        for now in Emotion:
            if before != Emotion.CALM:
                odds[before, now, before] *= _BACK
            for mood in _MOODS:
                if before in mood and now == Emotion.CALM:
                    odds[before, now, list(mood - {before})] *= _MOOD
    first = np.array([6, 0.5, 1, 1, 0.25, 0.5, 0.75])
    seconds = np.array([_SECONDS[emotion] for emotion in Emotion])
    return SecondOrderProcess(
        first / first.sum(),
        second / second.sum(1, keepdims=True),
        odds / odds.sum(2, keepdims=True),
        np.column_stack([np.log(seconds[:, 0]), seconds[:, 1]]),
    )


def compute_best_accuracy(
    process: SecondOrderProcess, sequences: Sequence[EmotionSequence]
) -> float:
    """How often the likeliest emotion comes: no predictor does better on average."""
    hits = [
        process.predict(one.emotions[:at]).argmax() == one.emotions[at]
        for one in sequences
        for at in range(1, len(one.runs))
    ]
    return float(np.mean(hits))


def count_transitions(sequences: Sequence[EmotionSequence]) -> Float[np.ndarray, "7 7"]:
    """How often each emotion (row) was followed by each (column)."""
    counts = np.zeros((CLASSES, CLASSES))
    for one in sequences:
        emotions = one.emotions
        np.add.at(counts, (emotions[:-1], emotions[1:]), 1)
    return counts
