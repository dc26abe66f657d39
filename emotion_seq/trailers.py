"""Footage to emotions: shots, people in them, their faces, and what these show (thesis, 3.4, 3.5).

In: a video, a `FaceCutter` that cuts faces out, and an `EmotionScorer` that recognises emotions.
Out: `Footage`: for each person of each shot, when the face was seen, where, and probabilities.

The video is decoded once, a few pictures a second, never held. A shot's first pictures are searched
whole until faces are found, then every `search_every_s`; in between only around the places where
faces were. Persons are told apart by place (`synth.faces.box_tracking`); a cut ends all of them.
Shots are scored and written to a journal as they end, so that a stopped run goes on with the shot
after the last whole one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from emotion_seq.footage import Footage, PersonTrack, load_shots, open_journal, save_shot
from synth.faces.box_tracking import BoxTracker
from synth.faces.boxes import Box
from synth.faces.face_cutting import FaceCut, FaceCutter
from synth.faces.observers import fetch_models
from synth.judging.emotion_scoring import EmotionScorer, Probabilities, check_probabilities
from synth.progress import Progress, Report, ignore_progress
from synth.storage.assets import hash_file
from synth.types import Frames
from synth.video.cuts import CUT_DISTANCE, CUT_LEVELS
from synth.video.reading import probe_video
from synth.video.sampling import Glimpse, sample_video

#: Crops that are scored together.
BATCH = 64
#: A face that is missed for longer is another person when it is back.
LOST_S = 1.0
WHICH = ("largest", "all")
#: In smaller pictures nobody finds a face.
LEAST_LONGEST_PX = 32


@dataclass(frozen=True)
class FootageSettings:
    """`rate`: pictures a second; `longest_px` their longer side (None: full size, as the thesis).

    `which`: the largest face of each picture, or all. `thumbnails`: kept crops per person.
    """

    rate: float = 5.0
    longest_px: int | None = 1280
    which: str = "largest"
    search_every_s: float = 1.0
    thumbnails: int = 12

    def __post_init__(self) -> None:
        if self.which not in WHICH:
            raise ValueError(f"needs which out of {', '.join(WHICH)}; got {self.which!r}")
        if not (0 < self.rate <= 100 and self.search_every_s > 0 and self.thumbnails >= 0):
            raise ValueError(
                "needs a rate above 0 and up to 100, search_every_s above 0 and thumbnails of 0 or "
                f"more; got {self}"
            )
        if self.longest_px is not None and self.longest_px < LEAST_LONGEST_PX:
            raise ValueError(
                f"needs longest_px of {LEAST_LONGEST_PX} or more, or null; got {self.longest_px}"
            )


@dataclass
class _Person:
    """A face being followed through a shot: crops wait until they are scored, few are kept."""

    times_s: list[float] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    waiting: list[np.ndarray] = field(default_factory=list)
    scored: list[Probabilities] = field(default_factory=list)
    thumbnails: list[tuple[float, np.ndarray]] = field(default_factory=list)
    thumbnail_every: int = 1

    def add(self, time_s: float, face: FaceCut, most_thumbnails: int) -> None:
        """One more sighting."""
        if most_thumbnails and len(self.times_s) % self.thumbnail_every == 0:
            self.thumbnails.append((time_s, face.crop))
            if len(self.thumbnails) > most_thumbnails:
                self.thumbnails = self.thumbnails[::2]
                self.thumbnail_every *= 2
        self.times_s.append(time_s)
        self.boxes.append(face.box)
        self.waiting.append(face.crop)

    def score(self, scorer: EmotionScorer, at_least: int) -> None:
        """Have the waiting crops scored, if there are enough, and let them go."""
        if len(self.waiting) >= at_least:
            crops: Frames = np.stack(self.waiting)
            found = scorer.score(crops)
            check_probabilities(found, scorer.name)
            self.scored.append(found)
            self.waiting.clear()


def read_footage(
    path: str | Path,
    cutter: FaceCutter,
    scorer: EmotionScorer,
    settings: FootageSettings | None = None,
    journal: str | Path | None = None,
    report: Report = ignore_progress,
) -> Footage:
    """Look through a video. `journal`: a folder from which a stopped run goes on.

    A video without faces gives a Footage without persons. Raises ValueError and OSError for files
    that cannot be read to their end; what is no video at all is refused before models are fetched.
    """
    settings = settings or FootageSettings()
    duration_s = probe_video(path).duration_s
    fetch_models(cutter, scorer)
    heading = {
        "video": hash_file(path) if Path(path).is_file() else str(path),
        "settings": repr(settings),
        "cutter": cutter.name,
        "scorer": scorer.name,
        "cuts": f"{CUT_DISTANCE:g}, {CUT_LEVELS:g}",  # another rule numbers shots otherwise
    }
    notes = open_journal(journal, heading) if journal else None
    shots, length_s = load_shots(notes) if notes else ([], 0.0)
    done = len(shots)
    glimpses = sample_video(path, settings.rate, settings.longest_px)
    for number, shot in groupby(_report(glimpses, duration_s, report), key=lambda one: one.shot):
        if number < done:
            for _ in shot:  # decoded, for there is no way past, but neither searched nor scored
                pass
            continue
        persons, length_s = _read_shot(shot, cutter, scorer, settings)
        shots.append(persons)
        if notes:
            save_shot(notes, number, persons, length_s)
    return Footage(
        duration_s=length_s,
        shots=len(shots),
        persons=tuple(replace(p, shot=k) for k, shot in enumerate(shots) for p in shot),
        cutter=cutter.name,
        scorer=scorer.name,
    )


def _read_shot(
    glimpses: Iterator[Glimpse],
    cutter: FaceCutter,
    scorer: EmotionScorer,
    settings: FootageSettings,
) -> tuple[list[PersonTrack], float]:
    """Follow and score everybody in one shot; also when the shot ends, in seconds."""
    tracker, persons = BoxTracker(LOST_S), dict[int, _Person]()
    searched_s, end_s = -np.inf, 0.0
    for glimpse in glimpses:
        end_s = glimpse.end_s
        is_due = glimpse.time_s - searched_s >= settings.search_every_s
        near = [] if is_due else list(tracker.list_places(glimpse.time_s).values())
        found = cutter.cut_faces(glimpse.picture, near)
        if near and len(found) < len(near):  # a face moved on, or it is gone
            near, found = [], cutter.cut_faces(glimpse.picture)
        if not near:
            searched_s = glimpse.time_s
        kept = found[:1] if settings.which == "largest" else found
        numbers = tracker.follow([face.box for face in kept], glimpse.time_s)
        for number, face in zip(numbers, kept, strict=True):
            person = persons.setdefault(number, _Person())
            person.add(glimpse.time_s, face, settings.thumbnails)
            person.score(scorer, BATCH)
    return [_finish(person, scorer, end_s) for person in persons.values()], end_s


def _finish(person: _Person, scorer: EmotionScorer, end_s: float) -> PersonTrack:
    person.score(scorer, 1)
    times_s, crops = zip(*person.thumbnails, strict=True) if person.thumbnails else ((), ())
    size = crops[0].shape if crops else (1, 1, 3)
    return PersonTrack(
        shot=0,
        times_s=np.array(person.times_s),
        boxes=np.stack(person.boxes),
        probabilities=np.concatenate(person.scored),
        thumbnails=np.array(crops, np.uint8).reshape(-1, *size),
        thumbnail_times_s=np.array(times_s, np.float64),
        shot_end_s=end_s,
    )


def _report(glimpses: Iterator[Glimpse], duration_s: float, report: Report) -> Iterator[Glimpse]:
    """Pass glimpses on and say how many seconds of the video are done."""
    whole_s = max(1, round(duration_s))
    for glimpse in glimpses:
        report(Progress("look", min(int(glimpse.time_s), whole_s), whole_s))
        yield glimpse
    report(Progress("look", whole_s, whole_s))
