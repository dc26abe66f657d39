"""A training as two curves: the loss, and how often the next emotion is predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from emotion_seq.seeing.style import make_figure, save_figure


def plot_curves(
    path: str | Path,
    rows: Sequence[Mapping[str, float]],
    baselines: Mapping[str, float] | None = None,
) -> None:
    """`rows` of `emotion_seq.train`; `baselines` are accuracies, drawn as level lines."""
    figure = make_figure(10.0, 3.8)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    loss.plot(epochs, [row["train_loss"] for row in rows], label="train, with dropout")
    loss.plot(epochs, [row["dev_loss"] for row in rows], label="dev")
    best = min(rows, key=lambda row: row["dev_loss"])
    loss.axvline(best["epoch"], color="grey", linewidth=0.8, linestyle=":", label="kept")
    accuracy.plot(epochs, [row["dev_accuracy"] for row in rows], label="network, dev")
    for number, (name, value) in enumerate((baselines or {}).items()):
        accuracy.axhline(value, color=f"C{number + 1}", linestyle="--", linewidth=1, label=name)
    loss.set(xlabel="epoch", ylabel="loss")
    accuracy.set(xlabel="epoch", ylabel="next emotion predicted")
    for axes in (loss, accuracy):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    save_figure(path, figure)
