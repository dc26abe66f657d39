"""Networks that write emotions: four LSTM layers (thesis, 3.6), plain or with shortcuts.

In, per step: the emotion that began, for how long and how strongly it lasted; the first step is
the start, before any emotion. Out, per step, of the emotion that comes next:

    emotion    [7]      probabilities; never the one that is there already
    timing     [7, 4]   for each emotion that may come: mean and log deviation of the logarithm of
                        its seconds, mean and log deviation of its intensity

Two wirings of the same layers:

    plain       the thesis's: LSTM, dropout, four times, each on the one below; then a dense layer
                of seven classes on the last
    shortcuts   the default: each LSTM sees the step's input as well, and the dense layer also the
                last two emotions themselves, as a logistic regression would

The plain stack has to carry the last two emotions, which hold most of what can be predicted from,
through four layers and four dropouts; its probabilities are a little worse
(docs/emotion-sequences.md has the figures of both, and of the regression alone). In both, the
emotion that is there is forbidden as the next. Only Keras's own layers: any Keras opens the saved
file, on any backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from emotion_seq.keras_backend import keras
from emotion_seq.sequences import EmotionSequence
from synth.emotions import Emotion

CLASSES = len(Emotion)
#: What stands for no emotion, before the first.
START = CLASSES
TIMING_FIGURES = 4
#: Beyond these a network of seven emotions has nothing left to learn.
MOST_UNITS, MOST_LAYERS = 1024, 16
#: Added to the logit of the emotion that is there, which cannot come next.
FORBIDDEN = -30.0
#: Deviations are e to the power of something in these bounds.
LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION = -4.0, 2.0


@dataclass(frozen=True)
class ModelSettings:
    """`shortcuts`: the wiring (see the module). `dropout` follows each layer.

    `embedding` 0 feeds one-hot vectors, another number a learned vector of that length.
    """

    shortcuts: bool = True
    units: int = 48
    layers: int = 4
    dropout: float = 0.4
    embedding: int = 0

    def __post_init__(self) -> None:
        if self.units < 1 or self.layers < 1 or self.embedding < 0:
            raise ValueError(
                f"needs units and layers of 1 or more and an embedding of 0 or more; got {self}"
            )
        if self.units > MOST_UNITS or self.layers > MOST_LAYERS or self.embedding > MOST_UNITS:
            raise ValueError(
                f"needs at most {MOST_UNITS} units, {MOST_LAYERS} layers and an embedding of "
                f"{MOST_UNITS}; got {self}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"needs a dropout from 0 to below 1; got {self.dropout}")

    @property
    def name(self) -> str:
        """What a network of this shape is called in tables and cards."""
        return f"{self.layers} LSTM layers, {'with shortcuts' if self.shortcuts else 'plain'}"


@dataclass(frozen=True, eq=False)
class Steps:
    """Sequences as arrays, padded at their ends; `weights` is 1 where there is a next emotion."""

    emotions: Int[np.ndarray, "sequence step"]
    timing: Float[np.ndarray, "sequence step 2"]
    next_emotions: Int[np.ndarray, "sequence step"]
    next_timing: Float[np.ndarray, "sequence step 2"]
    weights: Float[np.ndarray, "sequence step"]

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """What the network takes."""
        return {"emotions": self.emotions, "timing": self.timing}

    @property
    def after_first(self) -> np.ndarray:
        """Where an emotion follows another: what accuracy is counted on [sequence, step]."""
        counted = self.weights > 0
        counted[:, 0] = False
        return counted


def make_model(settings: ModelSettings) -> Any:
    """A fresh network, as `keras.Model`; its weights come from Keras's seed."""
    layers = keras.layers
    emotions = keras.Input((None,), dtype="int32", name="emotions")
    timing = keras.Input((None, 2), name="timing")
    one_hot = layers.Embedding(
        START + 1, START + 1, embeddings_initializer="identity", trainable=False, name="one_hot"
    )(emotions)
    shown = one_hot
    if settings.embedding:
        shown = layers.Embedding(START + 1, settings.embedding, name="embedding")(emotions)
    step = layers.Concatenate(name="step")([shown, timing])
    seen = _stack_layers(step, settings)
    if settings.shortcuts:
        before = layers.ZeroPadding1D((1, 0))(one_hot)[:, :-1]
        seen = layers.Concatenate(name="seen")([seen, step, before])
    logits = layers.Dense(CLASSES, name="logits")(seen) + FORBIDDEN * one_hot[:, :, :CLASSES]
    figures = layers.Dense(CLASSES * TIMING_FIGURES, name="figures")(seen)
    return keras.Model(
        {"emotions": emotions, "timing": timing},
        {
            "emotion": layers.Softmax(name="emotion")(logits),
            "timing": layers.Reshape((-1, CLASSES, TIMING_FIGURES), name="figures_by_emotion")(
                figures
            ),
        },
    )


def remake_model(card: Mapping[str, Any]) -> Any:
    """A fresh network of the sizes in a trained file's card, under `settings` and `network`.

    Raises KeyError, TypeError or ValueError for a card that says nothing of them, or too much.
    """
    entries = dict(card["settings"]["network"])
    entries.pop("_target_", None)
    return make_model(ModelSettings(**entries))


def _stack_layers(step: Any, settings: ModelSettings) -> Any:
    """LSTM layers with dropout, on the steps' inputs -> what the last one gives."""
    layers, flow = keras.layers, step
    for number in range(1, settings.layers + 1):
        joins = settings.shortcuts and number > 1
        below = layers.Concatenate()([flow, step]) if joins else flow
        flow = layers.LSTM(settings.units, return_sequences=True, name=f"lstm_{number}")(below)
        flow = layers.Dropout(settings.dropout, name=f"dropout_{number}")(flow)
    return flow


def encode_sequences(sequences: Sequence[EmotionSequence]) -> Steps:
    """Sequences -> arrays; step 0 is the start, whose next emotion is the first."""
    longest = max(len(one.runs) for one in sequences)
    shape = (len(sequences), longest)
    emotions = np.full(shape, START, np.int32)
    following = np.zeros(shape, np.int32)
    timing, next_timing = np.zeros((2, *shape, 2), np.float32)
    weights = np.zeros(shape, np.float32)
    for row, one in enumerate(sequences):
        count = len(one.runs)
        figures = [(np.log(run.duration_s), run.intensity) for run in one.runs]
        following[row, :count], next_timing[row, :count] = one.emotions, figures
        weights[row, :count] = 1
        emotions[row, 1:count] = following[row, : count - 1]
        timing[row, 1:count] = next_timing[row, : count - 1]
    return Steps(emotions, timing, following, next_timing, weights)


def bound_log_deviation(value: Any) -> Any:
    """Any number -> the logarithm of a deviation that is neither zero nor without bound."""
    middle = (LEAST_LOG_DEVIATION + MOST_LOG_DEVIATION) / 2
    return middle + (MOST_LOG_DEVIATION - middle) * keras.ops.tanh(value)


def predict_steps(
    model: Any, steps: Steps, rows: int = 256
) -> tuple[Float[np.ndarray, "sequence step 7"], Float[np.ndarray, "sequence step 7 4"]]:
    """Probabilities of the next emotion, and its timing, at every step, without dropout."""
    emotions, timing = [], []
    for start in range(0, len(steps.emotions), rows):
        batch = {name: values[start : start + rows] for name, values in steps.inputs.items()}
        output = model(batch, training=False)
        emotions.append(keras.ops.convert_to_numpy(output["emotion"]))
        figures = output["timing"]
        deviations = bound_log_deviation(figures[..., 1::2])
        plain = keras.ops.convert_to_numpy(figures).copy()
        plain[..., 1::2] = keras.ops.convert_to_numpy(deviations)
        timing.append(plain)
    return np.concatenate(emotions), np.concatenate(timing)
