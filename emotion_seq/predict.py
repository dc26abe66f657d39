"""New tracks: the network writes emotion after emotion; or a video's emotions are replayed.

    predict_track   a trained network, a seed sequence and seconds -> EmotionTrack
    replay_video    a video -> EmotionTrack of the person who fills each shot, as long as the video

Each step draws the next emotion from the network's probabilities at a temperature, out of the
smallest set that holds `top_p` of them (Holtzman et al. 2020), never the emotion that is there;
then its seconds from a log-normal and its intensity from a normal distribution, as the network
learned them for that emotion in that context.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from emotion_seq.classify import DecisionSettings
from emotion_seq.footage import DISCLOSURE, make_main_sequence
from emotion_seq.keras_files import load_keras_file
from emotion_seq.model import encode_sequences, predict_steps, remake_model
from emotion_seq.sequences import (
    SHORTEST_RUN_S,
    EmotionRun,
    EmotionSequence,
    check_length,
    make_sequence,
    make_track,
)
from emotion_seq.trailers import FootageSettings, read_footage
from synth.emotions import Emotion
from synth.faces.face_cutting import FaceCutter
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.emotion_track import DEFAULT_GAP_S, EmotionTrack
from synth.motion.paths import compute_film_length

#: Probabilities of the next emotion; figures of its timing (`emotion_seq.model`), by emotion.
Odds = Float[np.ndarray, "7"]
Figures = Float[np.ndarray, "4"]
Timing = Float[np.ndarray, "7 4"]

KIND = "moodreel-sequence-model"
BUNDLED_MODEL = Path(__file__).with_name("weights") / "moodreel-sequences.keras"
#: What the network looks back on: no sequence that it learned from is longer.
CONTEXT_RUNS = 32
#: A predicted emotion lasts no longer, whatever the network's distribution allows.
LONGEST_RUN_S = 60.0
MAX_PREDICTED_INTENSITY = 1.2


@dataclass(frozen=True)
class Sampling:
    """`temperature` 0 takes the likeliest, 1 the network's own odds; `top_p` 1 allows all.

    The same `seed` draws the same.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.temperature < math.inf and 0 < self.top_p <= 1):
            raise ValueError(
                "needs a temperature of 0 or more and a top_p above 0 and up to 1; got "
                f"temperature={self.temperature}, top_p={self.top_p}"
            )


@dataclass(frozen=True)
class ReplaySettings:
    """How a video is looked through, and how emotions are decided."""

    footage: FootageSettings = field(default_factory=FootageSettings)
    decisions: DecisionSettings = field(default_factory=DecisionSettings)


def predict_track(
    seconds: float = 20.0,
    start: Sequence[str | int] = ("calm",),
    path: str | None = None,
    sampling: Sampling | None = None,
    fps: float = 30.0,
    default_gap_s: float = DEFAULT_GAP_S,
) -> EmotionTrack:
    """A track that films as `seconds` seconds, exact to a frame at `fps`.

    `start` are the first emotions, whose timing is the network's own; `path` a trained .keras
    file, None the one that ships. Raises ValueError for settings out of range, before any work.
    """
    if not seconds > 0:
        raise ValueError(f"needs seconds above 0; got {seconds}; try seconds=20")
    check_length(seconds)
    length_s = compute_film_length(seconds, fps)
    model, card = load_sequence_model(path)
    runs = sample_runs(model, seconds, start, sampling)
    note = f"Written by a network that learned from: {card.get('data', 'unnamed sequences')}"
    return make_track(EmotionSequence(runs, "predicted"), default_gap_s, length_s, note)


def replay_video(
    path: str,
    cutter: FaceCutter,
    scorer: EmotionScorer,
    settings: ReplaySettings | None = None,
    fps: float = 30.0,
    default_gap_s: float = DEFAULT_GAP_S,
) -> EmotionTrack:
    """The emotions of a video as a track that films as long as the video, exact to a frame.

    Raises ValueError for a video without faces or that cannot be read to its end.
    """
    settings = settings or ReplaySettings()
    footage = read_footage(path, cutter, scorer, settings.footage)
    sequence = make_main_sequence(footage, str(path), settings.decisions)
    length_s = compute_film_length(footage.duration_s, fps)
    return make_track(sequence, default_gap_s, length_s, DISCLOSURE)


@cache
def load_sequence_model(path: str | Path | None = None) -> tuple[Any, dict[str, Any]]:
    """(model, card) of a trained file; None: the one that ships.

    Raises FileNotFoundError, or ValueError naming a file that holds something else.
    """
    return load_keras_file(BUNDLED_MODEL if path is None else path, KIND, remake_model)


def sample_runs(
    model: Any,
    seconds: float,
    start: Sequence[str | int] = ("calm",),
    sampling: Sampling | None = None,
) -> tuple[EmotionRun, ...]:
    """Runs that last `seconds` together, `start` first; the last one is cut to fit.

    Raises ValueError for more than a film may last, and for a network that gives no numbers.
    """
    check_length(seconds)
    sampling = sampling or Sampling()
    random = np.random.default_rng(sampling.seed)
    given = [] if not len(start) else make_sequence(list(start)).emotions
    runs: list[EmotionRun] = []
    lasted_s = 0.0
    while seconds - lasted_s > SHORTEST_RUN_S or not runs:
        odds, timing = _predict_next(model, runs)
        number = len(runs)
        chosen = given[number] if number < len(given) else _draw_emotion(odds, sampling, random)
        run = _draw_run(Emotion(chosen), timing[chosen], random)
        runs.append(run)
        lasted_s += run.duration_s
    left_s = seconds - (lasted_s - runs[-1].duration_s)
    runs[-1] = EmotionRun(runs[-1].emotion, max(left_s, SHORTEST_RUN_S), runs[-1].intensity)
    return tuple(runs)


def keep_likely(odds: Odds, sampling: Sampling) -> Odds:
    """Probabilities at a temperature, of the smallest set that holds `top_p`; they sum to 1."""
    if sampling.temperature == 0:
        return np.eye(len(odds))[int(odds.argmax())]
    logs = np.log(np.maximum(odds, 1e-12)) / sampling.temperature
    warmed = np.where(odds > 1e-9, np.exp(logs - logs.max()), 0.0)
    warmed /= warmed.sum()
    order = np.argsort(-warmed, kind="stable")
    before = np.cumsum(warmed[order]) - warmed[order]
    kept = np.zeros_like(warmed)
    likely = order[before < sampling.top_p]
    kept[likely] = warmed[likely]
    return kept / kept.sum()


def _predict_next(model: Any, runs: Sequence[EmotionRun]) -> tuple[Odds, Timing]:
    """Probabilities and timing of what comes after these runs."""
    # One run more, of any emotion, makes room for the step that is asked.
    recent = list(runs)[-CONTEXT_RUNS:]
    last = recent[-1].emotion if recent else None
    filler = EmotionRun(Emotion.ANGER if last is Emotion.CALM else Emotion.CALM)
    steps = encode_sequences([EmotionSequence((*recent, filler))])
    odds, timing = predict_steps(model, steps)
    if not (np.isfinite(odds[0, -1]).all() and np.isfinite(timing[0, -1]).all()):
        raise ValueError(
            "needs a network that gives numbers; got NaN or infinity; try training again"
        )
    return odds[0, -1].astype(np.float64), timing[0, -1].astype(np.float64)


def _draw_emotion(odds: Odds, sampling: Sampling, random: np.random.Generator) -> int:
    return int(random.choice(len(odds), p=keep_likely(odds, sampling)))


def _draw_run(emotion: Emotion, figures: Figures, random: np.random.Generator) -> EmotionRun:
    log_s = figures[0] + math.exp(figures[1]) * random.standard_normal()
    seconds = min(max(math.exp(min(log_s, 10.0)), SHORTEST_RUN_S), LONGEST_RUN_S)
    intensity = figures[2] + math.exp(figures[3]) * random.standard_normal()
    return EmotionRun(emotion, seconds, min(max(float(intensity), 0.0), MAX_PREDICTED_INTENSITY))
