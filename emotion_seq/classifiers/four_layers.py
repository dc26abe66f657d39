"""A network with four convolutions and two poolings as EmoPy's (thesis, 3.5), for your own faces.

    48x48x1 -> conv, conv, pool -> conv, conv, pool -> dense -> 7 probabilities

In: grey faces [face, 48, 48, 1] in [-1, 1]. Dropout before the dense layers, and small random
moves, turns and mirror images while training, keep it from learning pictures by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from emotion_seq.classifiers.keras_scorer import FaceBox, KerasScorer
from emotion_seq.keras_backend import keras, seeded
from emotion_seq.keras_files import load_keras_file
from synth.emotions import Emotion
from synth.judging.emotion_scoring import Probabilities
from synth.types import Frames

KIND = "moodreel-face-classifier"
INPUT_PX = 48
WIDTHS = (16, 32)
DENSE = 96
DROPOUT = 0.4
#: Where it looks in an FFHQ crop: brows to chin.
INNER_FACE = FaceBox(left=0.18, top=0.26, side=0.64)


@dataclass(frozen=True)
class FitSettings:
    """`patience`: epochs without a better held-out loss before training ends."""

    epochs: int = 40
    batch: int = 64
    rate: float = 2e-3
    patience: int = 6
    seed: int = 0


class TrainedScorer:
    """A network of `scripts.train_classifier`, read when it first scores."""

    def __init__(self, path: str) -> None:
        self.path, self.name = path, f"four convolutions, {path}"
        self._scorer: KerasScorer | None = None

    def fetch_models(self) -> None:
        """Open the file; raises ValueError or OSError naming it when it cannot be used."""
        if self._scorer is None:
            network, _ = load_keras_file(self.path, KIND, lambda _: make_network())
            self._scorer = make_scorer(network, self.name)

    def score(self, faces: Frames) -> Probabilities:
        """uint8 RGB faces [face, n, n, 3] in FFHQ alignment -> probabilities [face, 7]."""
        self.fetch_models()
        assert self._scorer is not None
        return self._scorer.score(faces)


def make_scorer(network: Any, name: str) -> KerasScorer:
    """A trained network of this kind as a scorer."""
    return KerasScorer(name, network, INNER_FACE, tuple(Emotion))


def make_network() -> Any:
    """A fresh network, as `keras.Model`."""
    layers = keras.layers
    steps = [
        keras.Input((INPUT_PX, INPUT_PX, 1)),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.06, 0.06, fill_mode="nearest"),
        layers.RandomRotation(0.03, fill_mode="nearest"),
    ]
    for width in WIDTHS:
        for _ in range(2):
            steps += [
                layers.Conv2D(width, 3, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(),
            ]
        steps += [layers.MaxPooling2D(3, strides=3)]
    steps += [
        layers.Flatten(),
        layers.Dropout(DROPOUT),
        layers.Dense(DENSE, activation="relu"),
        layers.Dropout(DROPOUT),
        layers.Dense(len(Emotion), activation="softmax"),
    ]
    return keras.Sequential(steps)


def fit_network(
    faces: Float[np.ndarray, "face rows columns 1"],
    emotions: Int[np.ndarray, " face"],
    held_out: tuple[Float[np.ndarray, "other rows columns 1"], Int[np.ndarray, " other"]],
    settings: FitSettings | None = None,
) -> tuple[Any, dict[str, list[float]]]:
    """Prepared faces with their emotions -> (network, losses and accuracies by epoch).

    The weights are those of the epoch that was best on `held_out`; the same seed gives the same on
    one machine.
    """
    settings = settings or FitSettings()
    with seeded(settings.seed):
        network = make_network()
        network.compile(
            keras.optimizers.Adam(settings.rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        stop = keras.callbacks.EarlyStopping(patience=settings.patience, restore_best_weights=True)
        history = network.fit(
            faces, emotions, settings.batch, settings.epochs, verbose=2,
            validation_data=held_out, callbacks=[stop],
        )  # fmt: skip
        plain = make_network()  # without optimiser and losses
    plain.set_weights(network.get_weights())
    return plain, history.history
