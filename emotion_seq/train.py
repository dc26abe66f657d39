"""The network learns sequences: early stopping, checkpoints that resume, curves.

In: `SplitSequences` and settings. Out: the network with the weights that were best on dev, and in
the run's folder state.npz (from which the same call continues) and log.csv.

    loss = -log p(e) + timing_weight * (-log N(log s; m_e, d_e) - log N(i; m'_e, d'_e))

with the emotion e that came, its seconds s and its intensity i, averaged over all that came. The
same seed and settings give the same weights on one machine, also after being stopped.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_seq.keras_backend import keras, seeded
from emotion_seq.model import (
    CLASSES,
    ModelSettings,
    Steps,
    bound_log_deviation,
    encode_sequences,
    make_model,
    predict_steps,
)
from emotion_seq.sequences import SplitSequences
from synth.plain_text import parse_json
from synth.progress import Progress, Report, ignore_progress
from synth.storage.arrays import load_arrays
from synth.storage.atomic import write_atomically, write_text_atomically
from synth.storage.run_settings import check_same_settings

STATE_FILE, LOG_FILE = "state.npz", "log.csv"
#: The seeds of a run's epochs lie so far apart that they are not those of another run.
SEED_STEP = 10_007
_LEAST_PROBABILITY = 1e-7
_LOG_ROOT_TWO_PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True)
class TrainSettings:
    """`patience`: epochs without a better dev loss before training ends."""

    epochs: int = 100
    batch: int = 32
    rate: float = 2e-3
    patience: int = 8
    timing_weight: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience) < 1 or self.rate <= 0:
            raise ValueError(
                f"needs epochs, batch and patience of 1 or more and a rate above 0; got {self}"
            )


def train_model(
    splits: SplitSequences,
    folder: str | Path,
    settings: TrainSettings | None = None,
    shape: ModelSettings | None = None,
    report: Report = ignore_progress,
) -> tuple[Any, list[dict[str, float]]]:
    """Train, or finish training -> (model, one row of losses per epoch).

    Raises ValueError when the folder holds a run of other settings or data.
    """
    settings, shape, folder = settings or TrainSettings(), shape or ModelSettings(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    train, dev = encode_sequences(splits.train), encode_sequences(splits.dev)
    with seeded(settings.seed):
        run = _Run(make_model(shape), settings)
        run.plan = _describe_plan(settings, shape, (train, dev))
        if (folder / STATE_FILE).is_file():
            run.load(folder / STATE_FILE)
        _train_epochs(run, folder, train, dev, report)
        # Without optimiser and losses, which are of no use to those who open the file.
        model = make_model(shape)
    model.set_weights(run.best_weights)
    return model, run.rows


def _train_epochs(run: _Run, folder: Path, train: Steps, dev: Steps, report: Report) -> None:
    """Epoch after epoch, each saved, until the last one or the end of the patience."""
    total, weight = run.settings.epochs, run.settings.timing_weight
    report(Progress("train", len(run.rows), total))
    while len(run.rows) < total and not run.is_over:
        row = run.train_epoch(train)
        row["dev_loss"], row["dev_accuracy"] = measure_loss(run.model, dev, weight)
        run.keep(row)
        run.save(folder / STATE_FILE)
        write_text_atomically(folder / LOG_FILE, _write_log(run.rows))
        report(Progress("train", len(run.rows), total))


def measure_loss(model: Any, steps: Steps, timing_weight: float) -> tuple[float, float]:
    """The loss without dropout, and the accuracy where an emotion follows another."""
    probabilities, timing = predict_steps(model, steps)
    chosen = np.take_along_axis(probabilities, steps.next_emotions[..., None], 2)[..., 0]
    figures = np.take_along_axis(timing, steps.next_emotions[..., None, None], 2)[..., 0, :]
    loss = -np.log(chosen + _LEAST_PROBABILITY)
    for k in range(2):
        mean, log_deviation = figures[..., 2 * k], figures[..., 2 * k + 1]
        z = (steps.next_timing[..., k] - mean) / np.exp(log_deviation)
        loss = loss + timing_weight * (0.5 * z**2 + log_deviation + _LOG_ROOT_TWO_PI)
    counted = steps.after_first
    hits = probabilities.argmax(2) == steps.next_emotions
    mean_loss = float((loss * steps.weights).sum() / steps.weights.sum())
    return mean_loss, float(hits[counted].mean()) if counted.any() else float("nan")


class _Run:
    """A network being trained, and all that is needed to go on with it."""

    def __init__(self, model: Any, settings: TrainSettings) -> None:
        self.model, self.settings = model, settings
        self.rows: list[dict[str, float]] = []
        self.plan: dict[str, Any] = {}
        self.best_weights: list[np.ndarray] = []
        losses = {"emotion": compute_emotion_loss, "timing": compute_timing_loss}
        weights = {"emotion": 1.0, "timing": settings.timing_weight}
        optimizer = keras.optimizers.Adam(settings.rate, clipnorm=1.0)
        model.compile(optimizer, loss=losses, loss_weights=weights)
        optimizer.build(model.trainable_variables)

    @property
    def is_over(self) -> bool:
        """Whether the patience is at its end."""
        losses = [row["dev_loss"] for row in self.rows]
        return bool(losses) and len(losses) - 1 - int(np.argmin(losses)) >= self.settings.patience

    def train_epoch(self, train: Steps) -> dict[str, float]:
        """Once through all sequences, in an order of the seed and the epoch."""
        epoch, size = len(self.rows), self.settings.batch
        # On PyTorch dropout draws from the global generator, whose state no file of ours holds.
        keras.utils.set_random_seed(self.settings.seed + epoch * SEED_STEP)
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(train.weights))
        targets = make_targets(train)
        total = 0.0
        for start in range(0, len(order), size):
            picks = order[start : start + size]
            inputs = {name: values[picks] for name, values in train.inputs.items()}
            wanted = {name: values[picks] for name, values in targets.items()}
            loss = self.model.train_on_batch(inputs, wanted, return_dict=True)["loss"]
            total += float(loss) * len(picks)
        return {"epoch": epoch + 1, "train_loss": total / len(order)}

    def keep(self, row: dict[str, float]) -> None:
        """Remember an epoch, and the weights if it was the best."""
        if all(row["dev_loss"] < other["dev_loss"] for other in self.rows):
            self.best_weights = self.model.get_weights()
        self.rows.append(row)

    def save(self, path: Path) -> None:
        """Everything into one file: weights, dropout's seeds, optimiser, best weights, losses."""
        arrays = {f"now_{k}": np.array(v) for k, v in enumerate(self._list_variables())}
        arrays |= {f"best_{k}": value for k, value in enumerate(self.best_weights)}
        arrays["notes"] = np.array(json.dumps({"plan": self.plan, "rows": self.rows}))
        with write_atomically(path) as temporary:
            np.savez(temporary, **arrays)  # pyright: ignore[reportArgumentType]

    def load(self, path: Path) -> None:
        """Continue from what `save` wrote. Raises ValueError when it is of another run."""
        arrays = load_arrays(path)
        notes = parse_json(str(arrays["notes"]), str(path))
        check_same_settings(notes["plan"], self.plan, f"the run in {path} was begun with")
        for k, variable in enumerate(self._variables()):
            variable.assign(arrays[f"now_{k}"])
        self.best_weights = [arrays[f"best_{k}"] for k in range(len(self.model.weights))]
        self.rows = notes["rows"]

    def _variables(self) -> list[Any]:
        # Not those of Keras's own counters of losses, which exist from the first batch on only.
        counters = {id(variable) for variable in self.model.metrics_variables}
        kept = [one for one in self.model.variables if id(one) not in counters]
        return [*kept, *self.model.optimizer.variables]

    def _list_variables(self) -> list[np.ndarray]:
        return [keras.ops.convert_to_numpy(variable) for variable in self._variables()]


def make_targets(steps: Steps) -> dict[str, np.ndarray]:
    """What the losses compare with: the emotion, its timing where needed, and the weight."""
    classes = steps.next_emotions[..., None].astype(np.float32)
    weights = steps.weights[..., None]
    return {
        "emotion": np.concatenate([classes, weights], 2),
        "timing": np.concatenate([classes, steps.next_timing, weights], 2),
    }


def compute_emotion_loss(wanted: Any, probabilities: Any) -> Any:
    """Mean surprise at the emotions that came."""
    one_hot = keras.ops.one_hot(keras.ops.cast(wanted[..., 0], "int32"), CLASSES)
    surprise = -keras.ops.log(keras.ops.sum(probabilities * one_hot, axis=-1) + _LEAST_PROBABILITY)
    return _average(surprise, wanted[..., -1])


def compute_timing_loss(wanted: Any, figures: Any) -> Any:
    """Mean negative log density of the timing that came, given the emotion that came."""
    one_hot = keras.ops.one_hot(keras.ops.cast(wanted[..., 0], "int32"), CLASSES)
    mine = keras.ops.sum(figures * one_hot[..., None], axis=-2)
    loss = 0.0
    for k in range(2):
        log_deviation = bound_log_deviation(mine[..., 2 * k + 1])
        z = (wanted[..., 1 + k] - mine[..., 2 * k]) / keras.ops.exp(log_deviation)
        loss = loss + 0.5 * keras.ops.square(z) + log_deviation + _LOG_ROOT_TWO_PI
    return _average(loss, wanted[..., -1])


def _average(values: Any, weights: Any) -> Any:
    total = keras.ops.sum(weights)
    return keras.ops.sum(values * weights) / keras.ops.maximum(total, 1.0)


def _write_log(rows: Sequence[dict[str, float]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _describe_plan(settings: TrainSettings, shape: ModelSettings, data: Sequence[Steps]) -> dict:
    sums = [
        [int(one.next_emotions.sum()), one.emotions.shape, float(one.next_timing.sum())]
        for one in data
    ]
    return {"training": asdict(settings), "network": asdict(shape), "data": sums}
