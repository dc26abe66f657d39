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

from dataclasses import dataclass
from pathlib import Path

from emotion_seq.classify import DecisionSettings
from emotion_seq.footage import DISCLOSURE
from emotion_seq.footage_files import save_crops, save_footage
from emotion_seq.sequences import EmotionSequence
from emotion_seq.trailers import FootageSettings, read_footage
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.faces.face_cutting import FaceCutter
from synth.judging.emotion_scoring import EmotionScorer
from synth.storage.atomic import write_text_atomically
from synth.storage.locks import own_folder
from synth.storage.places import name_by_place

#: Emotions that are named on the screen.
NAMED = 8


@dataclass(frozen=True)
class VideoFile:
    """The video that is looked at."""

    path: str


@dataclass(frozen=True)
class PredictionJob:
    """The entries of configs/predict_emotions.yaml; `faces`: also write the kept crops."""

    video: VideoFile
    footage: FootageSettings
    decisions: DecisionSettings
    cutter: FaceCutter
    classifier: EmotionScorer
    faces: bool


def predict_emotions(job: PredictionJob, place: Place) -> None:
    """Look through the video and write what was seen."""
    video = Path(job.video.path)
    with own_folder(place.folder / name_by_place(video)) as folder:
        _write_results(job, folder, place.config)


def _write_results(job: PredictionJob, folder: Path, config: str) -> None:
    """Everything of one video into its own folder."""
    video, settings = Path(job.video.path), job.footage
    with TerminalProgress() as progress:
        footage = read_footage(
            video, job.cutter, job.classifier, settings, folder / "journal", progress
        )
    main = save_footage(folder, footage, video.name, job.decisions, settings.which == "all")
    write_text_atomically(folder / "config.yaml", config)
    if job.faces:
        save_crops(folder / "faces", footage)
    say(
        f"{folder}: {footage.duration_s:.1f} s, {footage.shots} shots, "
        f"{len(footage.persons)} faces followed: {describe_runs(main)}\n{DISCLOSURE}"
    )


def describe_runs(sequence: EmotionSequence) -> str:
    """The first emotions and how long each lasts."""
    runs = sequence.runs
    names = ", ".join(f"{run.emotion.label} {run.duration_s:.1f} s" for run in runs[:NAMED])
    return names if len(runs) <= NAMED else f"{names} and {len(runs) - NAMED} more"


def main() -> None:
    """The command line."""
    run_script("predict_emotions", PredictionJob, predict_emotions)


if __name__ == "__main__":
    main()
