"""Emotions one after the other: only changes are kept (thesis, 3.6), with their timing.

In: emotions per frame, per utterance or per line, with or without seconds and intensities. Out:
`EmotionSequence`s of runs, no two neighbours alike; splits of them by film; an `EmotionTrack`.
`emotion_seq.sequence_files` reads and writes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth.emotions import Emotion
from synth.motion.emotion_track import DEFAULT_GAP_S, MAX_INTENSITY, EmotionEvent, EmotionTrack
from synth.motion.paths import LONGEST_S

#: How long an emotion lasts where nothing says how long.
DEFAULT_RUN_S = DEFAULT_GAP_S
#: Shorter runs are drawn out to this: one frame of a film.
SHORTEST_RUN_S = 0.04
SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class EmotionRun:
    """One emotion for `duration_s` seconds at a mean `intensity` (1 the full emotion)."""

    emotion: Emotion
    duration_s: float = DEFAULT_RUN_S
    intensity: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.duration_s < math.inf:
            raise ValueError(f"needs an emotion that lasts above 0 s; got {self.duration_s} s")
        if not 0 <= self.intensity <= MAX_INTENSITY:
            raise ValueError(
                f"needs an intensity from 0 to {MAX_INTENSITY:g}; got {self.intensity}"
            )


@dataclass(frozen=True)
class EmotionSequence:
    """The changes of emotion of one person in one scene of `film`.

    `split` is train, dev or test where the data say so. Raises ValueError for no
    runs, for neighbours of the same emotion (`collapse_runs` joins them), and another split.
    """

    runs: tuple[EmotionRun, ...]
    film: str = "film"
    split: str | None = None

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError(f"needs a sequence with at least one emotion; got none in {self.film}")
        if any(a.emotion == b.emotion for a, b in zip(self.runs, self.runs[1:], strict=False)):
            raise ValueError(
                f"needs changes of emotion only; got repeats in {self.film}; try collapse_runs"
            )
        if self.split is not None and self.split not in SPLITS:
            raise ValueError(f"needs a split out of {', '.join(SPLITS)}; got {self.split!r}")

    @property
    def emotions(self) -> list[int]:
        """The numbers 0-6 in order."""
        return [int(run.emotion) for run in self.runs]

    @property
    def duration_s(self) -> float:
        """Seconds from the first run's beginning to the last one's end."""
        return sum(run.duration_s for run in self.runs)


@dataclass(frozen=True)
class SplitSequences:
    """Sequences to learn from, to stop by, and to measure on; no film is in two of them."""

    train: tuple[EmotionSequence, ...]
    dev: tuple[EmotionSequence, ...]
    test: tuple[EmotionSequence, ...]


def collapse_runs(runs: Iterable[EmotionRun]) -> tuple[EmotionRun, ...]:
    """Join neighbours of one emotion: seconds add up, intensities average over the seconds."""
    kept: list[EmotionRun] = []
    for run in runs:
        if not kept or kept[-1].emotion != run.emotion:
            kept.append(run)
            continue
        seconds = kept[-1].duration_s + run.duration_s
        weighted = kept[-1].intensity * kept[-1].duration_s + run.intensity * run.duration_s
        kept[-1] = replace(run, duration_s=seconds, intensity=weighted / seconds)
    return tuple(kept)


def make_sequence(
    emotions: Sequence[object],
    durations_s: Sequence[float] | None = None,
    intensities: Sequence[float] | None = None,
    film: str = "film",
    split: str | None = None,
) -> EmotionSequence:
    """Emotions by name or number, as they come -> the sequence of their changes.

    Raises ValueError for an unknown emotion, and for lists of other lengths.
    """
    seconds = [DEFAULT_RUN_S] * len(emotions) if durations_s is None else durations_s
    strengths = [1.0] * len(emotions) if intensities is None else intensities
    if not len(emotions) == len(seconds) == len(strengths):
        raise ValueError(
            f"needs a duration and an intensity for each emotion; got {len(emotions)} emotions, "
            f"{len(seconds)} durations and {len(strengths)} intensities in {film}"
        )
    runs = [
        EmotionRun(Emotion.parse(emotion), max(float(duration), SHORTEST_RUN_S), float(intensity))
        for emotion, duration, intensity in zip(emotions, seconds, strengths, strict=True)
    ]
    return EmotionSequence(collapse_runs(runs), film, split)


def split_by_film(
    sequences: Sequence[EmotionSequence],
    dev_share: float = 0.1,
    test_share: float = 0.2,
    seed: int = 0,
) -> SplitSequences:
    """Divide by film: as the data say where every sequence has a split, else at random.

    Where only train and test are marked, dev is drawn from the films of train. Raises ValueError
    when a film is marked for two splits, or there are too few films.
    """
    marks: dict[str, str | None] = {}
    for one in sequences:
        if marks.setdefault(one.film, one.split) != one.split:
            raise ValueError(
                f"needs each film in one split; got {one.film} in {marks[one.film]} and {one.split}"
            )
    if all(marks.values()):
        films = {split: [f for f, mark in marks.items() if mark == split] for split in SPLITS}
    else:
        films = {"train": list(marks), "dev": [], "test": []}
        films["test"] = _draw(films["train"], test_share, seed)
    if not films["dev"]:
        films["dev"] = _draw(films["train"], dev_share, seed + 1)
    if not all(films.values()):
        found = ", ".join(f"{len(films[split])} for {split}" for split in SPLITS)
        raise ValueError(
            f"needs films for train, dev and test; got {len(marks)} films, {found}; try more films"
        )
    homes = {film: split for split, names in films.items() for film in names}
    parts = {split: tuple(s for s in sequences if homes[s.film] == split) for split in SPLITS}
    return SplitSequences(**parts)


def make_track(
    sequence: EmotionSequence,
    gap_s: float = DEFAULT_GAP_S,
    length_s: float | None = None,
    note: str | None = None,
) -> EmotionTrack:
    """A track as long as the sequence, or `length_s`: each run begins with the way into its
    emotion.

    The way takes `gap_s` seconds, at most half of the run; for the rest the emotion is held. To
    reach `length_s` the last run is cut or drawn out; runs that would begin later are left out.
    Raises ValueError for a track that is longer than any film (`synth.motion.paths.LONGEST_S`).
    """
    end_s = check_length(sequence.duration_s if length_s is None else length_s)
    starts_s = np.cumsum([0.0, *(run.duration_s for run in sequence.runs)])[:-1]
    kept = [k for k, start in enumerate(starts_s) if k == 0 or start < end_s - SHORTEST_RUN_S / 2]
    stops_s = [float(starts_s[k]) for k in kept[1:]] + [end_s]
    events: list[EmotionEvent] = []
    for k, stop_s in zip(kept, stops_s, strict=True):
        run, start_s = sequence.runs[k], events[-1].end_s if events else 0.0
        way_s = min(gap_s, (stop_s - start_s) / 2) if events else 0.0
        reached_s = start_s + way_s
        events.append(
            EmotionEvent(run.emotion, reached_s, run.intensity, max(stop_s - reached_s, 0.0))
        )
    return EmotionTrack(tuple(events), note=note)


def check_length(seconds: float) -> float:
    """Seconds that a track may last, as given; ValueError for others."""
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError(
            f"needs a track of 0 to {LONGEST_S} seconds ({LONGEST_S // 3600} hours); got "
            f"{str(seconds)[:20]}; try 20"
        )
    return seconds


def _draw(films: list[str], share: float, seed: int) -> list[str]:
    """Take a share of the films, at least one, out of the list."""
    if not 0 < share < 1:
        raise ValueError(f"needs a share of films between 0 and 1; got {share}")
    count = min(max(1, round(share * len(films))), len(films) - 1)
    order = np.random.default_rng(seed).permutation(len(films))
    drawn = [films[k] for k in sorted(order[: max(count, 0)].tolist())]
    films[:] = [film for film in films if film not in set(drawn)]
    return drawn
