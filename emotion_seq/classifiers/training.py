"""Labelled faces become a classifier with a card that tells its figures on held-out faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_seq.classifiers.four_layers import FitSettings, fit_network
from emotion_seq.classifiers.labelled_faces import LabelledFaces
from emotion_seq.measuring.scores import score_predictions


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """The network, its card, and the figures that the card holds, 0 to 1."""

    network: Any
    card: dict[str, Any]
    accuracy: float
    held_out_faces: int
    epochs: int


def train_classifier(labelled: LabelledFaces, settings: FitSettings) -> TrainedClassifier:
    """Train on the faces that are not held out, measure on those that are.

    Raises ValueError where there are none of either.
    """
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
    epochs = len(history["loss"])
    return TrainedClassifier(network, card, scores.accuracy, int(held.sum()), epochs)
