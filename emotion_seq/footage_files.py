"""What was seen in a video, as files: faces with their probabilities, sequences, a track, plots.

In: `Footage`. Out, in a folder: emotions.csv, sequences.yaml, track.yaml, timeline.png,
transitions.png, and, where asked, the kept crops in faces/.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PIL import Image

from emotion_seq.classify import DecisionSettings
from emotion_seq.footage import (
    DISCLOSURE,
    Footage,
    decide_person,
    make_main_sequence,
    make_person_sequences,
)
from emotion_seq.measuring.process import count_transitions
from emotion_seq.seeing.matrices import plot_transitions
from emotion_seq.seeing.timeline import plot_footage
from emotion_seq.sequence_files import save_sequences
from emotion_seq.sequences import EmotionSequence, make_track
from synth.emotions import Emotion
from synth.motion.emotion_track import save_track
from synth.storage.atomic import write_atomically, write_text_atomically

PLACES = ("left", "top", "right", "bottom")


def save_footage(
    folder: Path, footage: Footage, film: str, decisions: DecisionSettings, everybody: bool = False
) -> EmotionSequence:
    """Write all files but the crops; -> the sequence of whoever fills each shot.

    film: what the video is called. everybody: sequences.yaml has one for each person of each shot.
    Raises ValueError for a video without faces.
    """
    main = make_main_sequence(footage, film, decisions)
    sequences = make_person_sequences(footage, film, decisions) if everybody else [main]
    write_text_atomically(folder / "emotions.csv", write_faces(footage, decisions))
    save_sequences(folder / "sequences.yaml", sequences)
    save_track(folder / "track.yaml", make_track(main, note=DISCLOSURE))
    plot_footage(folder / "timeline.png", footage, main, film, decisions)
    plot_transitions(folder / "transitions.png", count_transitions(sequences), film)
    return main


def write_faces(footage: Footage, decisions: DecisionSettings) -> str:
    """A line for each face that was looked at, under a head that says what it is."""
    buffer = io.StringIO()
    buffer.write(f"# {DISCLOSURE}\n# {footage.cutter}; {footage.scorer}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    labels = [emotion.label for emotion in Emotion]
    writer.writerow(("time_s", "shot", "person", *PLACES, *labels, "emotion", "intensity"))
    for number, person in enumerate(footage.persons):
        decided = decide_person(person, decisions)
        for at, time_s in enumerate(person.times_s):
            writer.writerow(
                (
                    round(float(time_s), 4),
                    person.shot,
                    number,
                    *person.boxes[at].round(1),
                    *person.probabilities[at].round(4),
                    labels[int(decided.emotions[at])],
                    round(float(decided.intensities[at]), 3),
                )
            )
    return buffer.getvalue()


def save_crops(folder: Path, footage: Footage) -> list[Path]:
    """The kept crops as PNG pictures, named by shot, person and time."""
    written = []
    for number, person in enumerate(footage.persons):
        for time_s, crop in zip(person.thumbnail_times_s, person.thumbnails, strict=True):
            path = folder / f"shot{person.shot:04d}_person{number:03d}_{time_s:09.3f}s.png"
            with write_atomically(path) as temporary:
                Image.fromarray(crop).save(temporary)
            written.append(path)
    return written
