"""Faces to emotions over time: probabilities kept, smoothed within a shot, decided with care.

In: probabilities [face, 7] of one person's faces in order (from any `EmotionScorer`), with their
times. Out: smoothed probabilities, one decision per face, and the intensity of each.

- Smoothing is a Gaussian average over time, never across a cut: a noisy class is outvoted by its
  neighbours, and nothing comes late.
- A new emotion is taken up only where its smoothed probability reaches `confidence`; below, the
  emotion that was there goes on (at the beginning of a shot: calm). Then runs shorter than
  `shortest_s` are given to the longer neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from emotion_seq.sequences import SHORTEST_RUN_S, EmotionRun, collapse_runs
from synth.emotions import Emotion
from synth.judging.emotion_scoring import Probabilities

Times = Float[np.ndarray, " face"]


@dataclass(frozen=True)
class DecisionSettings:
    """`smoothing_s`: standard deviation of the average over time; 0 takes faces one by one.

    `confidence`: probability from which a new emotion is believed.
    """

    smoothing_s: float | int = 0.3
    confidence: float | int = 0.4
    shortest_s: float | int = 0.4

    def __post_init__(self) -> None:
        if not 0 <= self.confidence < 1 or self.smoothing_s < 0 or self.shortest_s < 0:
            raise ValueError(
                f"needs a confidence from 0 to below 1 and seconds of 0 or more; got {self}"
            )


def smooth_probabilities(
    probabilities: Probabilities, times_s: Times, smoothing_s: float | int
) -> Probabilities:
    """Average over time within one shot; times may be uneven. Rows still sum to 1."""
    if smoothing_s == 0 or len(times_s) < 2:
        return probabilities
    gaps = (times_s[:, None] - times_s[None]) / smoothing_s
    weights = np.exp(-0.5 * gaps**2)
    smoothed = (weights / weights.sum(1, keepdims=True)) @ probabilities.astype(np.float64)
    return smoothed / smoothed.sum(1, keepdims=True)


def decide_emotions(
    probabilities: Probabilities, times_s: Times, settings: DecisionSettings | None = None
) -> Int[np.ndarray, " face"]:
    """Smoothed probabilities of one shot -> the emotion of each face.

    Raises ValueError for NaN, which no comparison would tell from calm.
    """
    if not np.isfinite(probabilities).all():
        raise ValueError(
            "needs probabilities to decide by; got NaN or infinity; try looking through the video "
            "again, with another classifier"
        )
    settings = settings or DecisionSettings()
    decided = np.zeros(len(probabilities), int)
    current = int(Emotion.CALM)
    for at, row in enumerate(probabilities):
        best = int(row.argmax())
        current = best if row[best] >= settings.confidence else current
        decided[at] = current
    return drop_short_runs(decided, times_s, settings.shortest_s)


def drop_short_runs(
    emotions: Int[np.ndarray, " face"], times_s: Times, shortest_s: float | int
) -> Int[np.ndarray, " face"]:
    """Give runs shorter than that to the longer neighbour, the shortest first."""
    result, lasts_s = emotions.copy(), find_lasting(times_s)
    while True:
        edges = np.flatnonzero(np.diff(result)) + 1
        starts, stops = np.r_[0, edges], np.r_[edges, len(result)]
        lengths = [lasts_s[a:b].sum() for a, b in zip(starts, stops, strict=True)]
        if len(lengths) < 2 or min(lengths) >= shortest_s:
            return result
        at = int(np.argmin(lengths))
        sides = [k for k in (at - 1, at + 1) if 0 <= k < len(lengths)]
        longer = max(sides, key=lambda k: lengths[k])
        result[starts[at] : stops[at]] = result[starts[longer]]


def find_lasting(times_s: Times) -> Times:
    """Seconds that each face stands for: up to the next one, the last as long as usual."""
    if len(times_s) < 2:
        return np.full(len(times_s), SHORTEST_RUN_S)
    steps = np.diff(times_s)
    return np.append(steps, np.median(steps))


def measure_intensity(
    probabilities: Probabilities, emotions: Int[np.ndarray, " face"]
) -> Float[np.ndarray, " face"]:
    """How strongly the decided emotion shows, 0 to 1: its probability beside calm's.

    A classifier's probability says how sure it is, and stands in here for how much it sees. Calm
    itself has 1.
    """
    own = probabilities[np.arange(len(emotions)), emotions]
    calm = probabilities[:, Emotion.CALM]
    return np.where(emotions == Emotion.CALM, 1.0, own / np.maximum(own + calm, 1e-9))


def make_runs(
    emotions: Int[np.ndarray, " face"],
    intensities: Float[np.ndarray, " face"],
    times_s: Times,
) -> tuple[EmotionRun, ...]:
    """Decisions of one shot -> runs with their seconds and mean intensities."""
    lasts_s = np.maximum(find_lasting(times_s), SHORTEST_RUN_S)
    return collapse_runs(
        EmotionRun(Emotion(int(emotion)), float(seconds), float(intensity))
        for emotion, seconds, intensity in zip(emotions, lasts_s, intensities, strict=True)
    )
