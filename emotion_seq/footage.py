"""What was seen in a video: people, when, where, and what their faces showed; kept on disk.

`Footage` is made by `emotion_seq.trailers`; here it becomes decisions, sequences and a track. A
journal is a folder with one .npz per shot, so that a stopped run can go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from emotion_seq.classify import (
    DecisionSettings,
    Times,
    decide_emotions,
    make_runs,
    measure_intensity,
    smooth_probabilities,
)
from emotion_seq.sequences import SHORTEST_RUN_S, EmotionRun, EmotionSequence, collapse_runs
from synth.emotions import Emotion
from synth.judging.emotion_scoring import Probabilities
from synth.storage.arrays import load_arrays
from synth.storage.atomic import write_atomically
from synth.storage.run_settings import hash_settings

#: Goes into every file that holds recognised emotions.
DISCLOSURE = (
    "Emotions in this file were recognised by a program from pictures of faces. That tells what a "
    "face looks like, often wrongly, and not what a person feels: do not judge people by it."
)


@dataclass(frozen=True, eq=False)
class PersonTrack:
    """One person in one shot: when the face was seen, where, what it showed; a few crops."""

    shot: int
    times_s: Times
    boxes: Float[np.ndarray, "face 4"]
    probabilities: Probabilities
    thumbnails: UInt8[np.ndarray, "thumbnail size size 3"]
    thumbnail_times_s: Float[np.ndarray, " thumbnail"]
    shot_end_s: float

    @property
    def seen_area(self) -> float:
        """Areas of all boxes together: who counts most in a shot."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        return float(sides.prod(1).sum())


@dataclass(frozen=True, eq=False)
class Footage:
    """A video's people, shot by shot; `cutter` and `scorer` are the names of who looked."""

    duration_s: float
    shots: int
    persons: tuple[PersonTrack, ...]
    cutter: str
    scorer: str

    def list_main_persons(self) -> list[PersonTrack]:
        """For each shot with faces, the person who fills most of it."""
        main: dict[int, PersonTrack] = {}
        for person in self.persons:
            best = main.get(person.shot)
            if best is None or person.seen_area > best.seen_area:
                main[person.shot] = person
        return [main[shot] for shot in sorted(main)]


@dataclass(frozen=True, eq=False)
class Decisions:
    """One person's faces, decided: smoothed probabilities, emotions, intensities 0 to 1."""

    person: PersonTrack
    probabilities: Probabilities
    emotions: Int[np.ndarray, " face"]
    intensities: Float[np.ndarray, " face"]


def decide_person(person: PersonTrack, settings: DecisionSettings | None = None) -> Decisions:
    """Smooth and decide within the person's shot."""
    settings = settings or DecisionSettings()
    smoothed = smooth_probabilities(person.probabilities, person.times_s, settings.smoothing_s)
    emotions = decide_emotions(smoothed, person.times_s, settings)
    return Decisions(person, smoothed, emotions, measure_intensity(smoothed, emotions))


def make_main_sequence(
    footage: Footage, film: str, settings: DecisionSettings | None = None
) -> EmotionSequence:
    """The emotions of the person who fills each shot, from the video's first moment to its last.

    While no face is seen the emotion that was there goes on; before the first face, the first.
    Raises ValueError for a video without faces.
    """
    main = [decide_person(person, settings) for person in footage.list_main_persons()]
    if not main:
        raise ValueError(
            f"needs a video that shows faces; {footage.cutter} found none in {film} "
            f"({footage.duration_s:.1f} s, {footage.shots} shots); try another detector (hog, cnn, "
            "sfd) or larger pictures"
        )
    times_s = np.concatenate([one.person.times_s for one in main])
    times_s[0] = 0.0
    lasts_s = np.maximum(np.diff(times_s, append=footage.duration_s), SHORTEST_RUN_S)
    emotions = np.concatenate([one.emotions for one in main])
    intensities = np.concatenate([one.intensities for one in main])
    runs = (
        EmotionRun(Emotion(int(emotion)), float(seconds), float(intensity))
        for emotion, seconds, intensity in zip(emotions, lasts_s, intensities, strict=True)
    )
    return EmotionSequence(collapse_runs(runs), film)


def make_person_sequences(
    footage: Footage, film: str, settings: DecisionSettings | None = None
) -> list[EmotionSequence]:
    """One sequence for each person of each shot, only while the face was seen."""
    decided = [decide_person(person, settings) for person in footage.persons]
    return [
        EmotionSequence(make_runs(one.emotions, one.intensities, one.person.times_s), film)
        for one in decided
    ]


def open_journal(folder: str | Path, heading: Mapping[str, str]) -> Path:
    """The folder of this very run below `folder`: another video or setting has another."""
    place = Path(folder) / hash_settings(heading)[:16]
    place.mkdir(parents=True, exist_ok=True)
    return place


def save_shot(journal: Path, number: int, persons: list[PersonTrack], end_s: float) -> None:
    """Note a shot that was looked through, whole or not at all."""
    arrays: dict[str, np.ndarray] = {"count": np.array(len(persons)), "end_s": np.array(end_s)}
    for k, person in enumerate(persons):
        for name in _ARRAYS:
            arrays[f"{name}_{k}"] = getattr(person, name)
    with write_atomically(journal / _name_shot(number)) as temporary:
        np.savez(temporary, **arrays)  # pyright: ignore[reportArgumentType]


def load_shots(journal: Path) -> tuple[list[list[PersonTrack]], float]:
    """All shots from the first on, as far as they were noted, and where the last of them ends."""
    shots: list[list[PersonTrack]] = []
    end_s = 0.0
    while (path := journal / _name_shot(len(shots))).is_file():
        arrays = load_arrays(path)
        try:
            end_s = float(arrays["end_s"])
            shots.append(
                [
                    PersonTrack(
                        shot=len(shots),
                        shot_end_s=end_s,
                        **{name: arrays[f"{name}_{k}"] for name in _ARRAYS},
                    )
                    for k in range(int(arrays["count"]))
                ]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{path}: needs a shot that was noted whole; {error}; try removing it"
            ) from error
    return shots, end_s


_ARRAYS = ("times_s", "boxes", "probabilities", "thumbnails", "thumbnail_times_s")


def _name_shot(number: int) -> str:
    return f"shot_{number:05d}.npz"
