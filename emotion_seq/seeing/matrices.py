"""What follows what, as a matrix of colours with the figures in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from emotion_seq.seeing.style import make_figure, save_figure
from synth.emotions import Emotion


def plot_transitions(path: str | Path, counts: Float[np.ndarray, "7 7"], title: str = "") -> None:
    """`counts[a, b]`: how often b followed a. Rows are shown as shares; a row never seen is empty.

    Raises ValueError for negative counts.
    """
    if (counts < 0).any():
        raise ValueError("needs counts of 0 or more for a matrix of transitions")
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
    labels = [emotion.label for emotion in Emotion]
    figure = make_figure(6.4, 5.6)
    axes = figure.subplots()
    axes.imshow(np.ma.masked_invalid(shares), cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if share > 0:
            colour = "white" if share > 0.55 else "black"
            axes.text(column, row, f"{share:.0%}", ha="center", va="center", color=colour,
                      fontsize=9)  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
    axes.set_yticks(
        range(len(labels)),
        [f"{label} ({total:.0f})" for label, total in zip(labels, totals[:, 0], strict=True)],
    )
    axes.set(xlabel="then", ylabel="first (how often)")
    axes.set_title(title, loc="left", fontsize=10)
    save_figure(path, figure)
