"""Faces with known emotions become a classifier: four convolutions, two poolings.

    python -m scripts.train_classifier labelled_faces.path=faces out=mine.keras
    python -m scripts.train_classifier labelled_faces=renders labelled_faces.path=rendered

In: a folder of face crops by emotion, or the renders of the bundled generator. Out: one .keras
with a card, for `classifier=file classifier.path=mine.keras`, and its figures on held-out faces.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig

from emotion_seq.classifiers.four_layers import KIND, FitSettings, fit_network
from emotion_seq.classifiers.labelled_faces import FaceSource
from emotion_seq.keras_files import save_keras_file
from emotion_seq.measuring.scores import score_predictions
from scripts.entry import build, run_script
from scripts.setting_types import check_types

TYPES: Mapping[str, Any] = {"out": str}


def train_classifier(config: DictConfig, folder: Path) -> None:
    """Train, measure and save as configs/train_classifier.yaml describes it."""
    check_types(config, TYPES)
    settings: FitSettings = build(config.training)
    source: FaceSource = build(config.labelled_faces)
    labelled = source.load_faces()
    kept, held = ~labelled.held_out, labelled.held_out
    if not kept.any() or not held.any():
        raise ValueError(
            f"needs faces to train on and faces to hold out; got {kept.sum()} and {held.sum()}"
        )
    test = (labelled.faces[held], labelled.emotions[held])
    network, history = fit_network(labelled.faces[kept], labelled.emotions[kept], test, settings)
    odds = np.asarray(network.predict(test[0], verbose=0), np.float64)
    scores = score_predictions(odds, test[1])
    card = {
        "data": labelled.about,
        "faces": {"train": int(kept.sum()), "held_out": int(held.sum())},
        "held_out_accuracy": round(scores.accuracy, 4),
        "f1": {label: round(value, 3) for label, value in scores.f1.items()},
        "licence": "as that of the faces it learned from",
    }
    save_keras_file(config.out, network, KIND, card)
    epochs = len(history["loss"])
    print(f"{config.out}: {scores.accuracy:.1%} of {held.sum()} held-out faces, {epochs} epochs")


def main() -> None:
    """The command line."""
    run_script("train_classifier", train_classifier)


if __name__ == "__main__":
    main()
