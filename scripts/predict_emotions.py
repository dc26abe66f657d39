"""A video becomes the track of its emotions.

    python -m scripts.predict_emotions video.path=clip.mp4
    python -m scripts.predict_emotions video.path=clip.mp4 footage.which=all cutter.detector=cnn

In: a video that PyAV reads, or a folder of PNG frames. Out, in a folder of the video's name with a
mark of where it lies (`clip.mp4-1f00dbee`): emotions.csv (each face that was looked at: when,
where, probabilities, the emotion decided), sequences.yaml (for `scripts.train_sequence`),
track.yaml (for `generate_video track=file`), timeline.png, transitions.png, config.yaml. Stopped
runs go on with the shot they were in.
Recognised emotions tell what faces look like, not what people feel: docs/emotion-sequences.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
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
from emotion_seq.sequences import make_track
from emotion_seq.trailers import FootageSettings, read_footage
from scripts.entry import build, run_script
from scripts.setting_types import check_types
from synth.emotions import Emotion
from synth.faces.face_cutting import FaceCutter
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.emotion_track import save_track
from synth.storage.atomic import write_atomically, write_text_atomically
from synth.storage.locks import own_folder
from synth.storage.places import name_by_place

TYPES: Mapping[str, Any] = {"video.path": str, "faces": bool}


def predict_emotions(config: DictConfig, folder: Path) -> None:
    """Look through the video as configs/predict_emotions.yaml describes it."""
    check_types(config, TYPES)
    video = Path(config.video.path)
    with own_folder(folder / name_by_place(video)) as place:
        write_results(place, video, config)


def write_results(folder: Path, video: Path, config: DictConfig) -> None:
    """Everything of one video into its own folder."""
    settings: FootageSettings = build(config.footage)
    decisions: DecisionSettings = build(config.decisions)
    cutter: FaceCutter = build(config.cutter)
    scorer: EmotionScorer = build(config.classifier)
    footage = read_footage(video, cutter, scorer, settings, folder / "journal")
    main = make_main_sequence(footage, video.name, decisions)
    sequences = [main]
    if settings.which == "all":
        sequences = make_person_sequences(footage, video.name, decisions)
    write_text_atomically(folder / "config.yaml", OmegaConf.to_yaml(config))
    write_text_atomically(folder / "emotions.csv", write_faces(footage, decisions))
    save_sequences(folder / "sequences.yaml", sequences)
    save_track(folder / "track.yaml", make_track(main, note=DISCLOSURE))
    plot_footage(folder / "timeline.png", footage, main, video.name, decisions)
    plot_transitions(folder / "transitions.png", count_transitions(sequences), video.name)
    if config.faces:
        save_faces(folder / "faces", footage)
    names = ", ".join(f"{run.emotion.label} {run.duration_s:.1f} s" for run in main.runs[:8])
    more = "" if len(main.runs) <= 8 else f" and {len(main.runs) - 8} more"
    print(f"{folder}: {footage.duration_s:.1f} s, {footage.shots} shots, "
          f"{len(footage.persons)} faces followed: {names}{more}")  # fmt: skip
    print(DISCLOSURE)


def write_faces(footage: Footage, decisions: DecisionSettings) -> str:
    """A line for each face that was looked at, under a head that says what it is."""
    buffer = io.StringIO()
    buffer.write(f"# {DISCLOSURE}\n# {footage.cutter}; {footage.scorer}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    labels = [emotion.label for emotion in Emotion]
    places = ("left", "top", "right", "bottom")
    writer.writerow(("time_s", "shot", "person", *places, *labels, "emotion", "intensity"))
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


def save_faces(folder: Path, footage: Footage) -> Sequence[Path]:
    """The kept crops as PNG pictures, named by shot, person and time."""
    written = []
    for number, person in enumerate(footage.persons):
        for time_s, crop in zip(person.thumbnail_times_s, person.thumbnails, strict=True):
            path = folder / f"shot{person.shot:04d}_person{number:03d}_{time_s:09.3f}s.png"
            with write_atomically(path) as temporary:
                Image.fromarray(crop).save(temporary)
            written.append(path)
    return written


def main() -> None:
    """The command line."""
    run_script("predict_emotions", predict_emotions)


if __name__ == "__main__":
    main()
