"""How a training is doing, to be looked at: a sheet of held-out faces and the curve of the log."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from synth.storage.atomic import write_atomically
from synth.types import Images, to_frames

#: Columns of log.csv: what is drawn in each panel, and what each panel is called.
PANELS = (
    ("share of latent variance told", ("told", "told_when_changed", "told_of_rows")),
    ("PSNR, dB", ("psnr_db", "psnr_db_of_mean")),
    ("perceptual distance", ("perceptual", "perceptual_of_mean")),
)


def save_sheet(
    path: Path, pictures: Images, guesses: Float[Tensor, "guess 3 rows columns"]
) -> None:
    """Pictures above what their guessed latents draw, in a PNG."""
    lines = [np.concatenate(list(to_frames(images)), 1) for images in (pictures, guesses)]
    with write_atomically(path) as temporary:
        Image.fromarray(np.concatenate(lines, 0)).save(temporary)


def save_learning_curve(path: Path, log: Path) -> None:
    """The held-out figures of a run's log.csv over its steps, in a PNG."""
    with open(log, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    figure = Figure(figsize=(12, 3.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for axis, (title, names) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for name in names:
            values = [float(row[name]) for row in rows]
            axis.plot(steps, values, marker="o", markersize=3, linewidth=1.2, label=name)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("step")
        axis.grid(alpha=0.25)
        axis.legend(fontsize=8)
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png")
