"""Faces with known emotions become a classifier: four convolutions, two poolings.

    python -m scripts.train_classifier labelled_faces.path=faces out=mine.keras
    python -m scripts.train_classifier labelled_faces=renders labelled_faces.path=rendered

In: a folder of face crops by emotion, or the renders of the bundled generator. Out: one .keras
with a card, for `classifier=file classifier.path=mine.keras`, and its figures on held-out faces.
"""

from __future__ import annotations

from dataclasses import dataclass

from emotion_seq.classifiers.four_layers import KIND, FitSettings
from emotion_seq.classifiers.labelled_faces import LabelledFaceSource
from emotion_seq.classifiers.training import train_classifier
from emotion_seq.keras_files import save_keras_file
from scripts.entry import Place, run_script
from scripts.reporting import say


@dataclass(frozen=True)
class ClassifierJob:
    """The entries of configs/train_classifier.yaml."""

    labelled_faces: LabelledFaceSource
    training: FitSettings
    out: str


def train(job: ClassifierJob, place: Place) -> None:
    """Train, measure and save."""
    trained = train_classifier(job.labelled_faces.load_faces(), job.training)
    save_keras_file(job.out, trained.network, KIND, trained.card)
    share, faces = trained.accuracy, trained.held_out_faces
    say(f"{job.out}: {share:.1%} of {faces} held-out faces, {trained.epochs} epochs")


def main() -> None:
    """The command line."""
    run_script("train_classifier", ClassifierJob, train)


if __name__ == "__main__":
    main()
