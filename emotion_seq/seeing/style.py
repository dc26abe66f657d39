"""One look for all plots of emotions: a colour each, a canvas without a display, marked files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from synth.emotions import Emotion
from synth.storage.atomic import write_atomically

#: Distinct also for most colour-blind eyes (Okabe and Ito 2008), calm in grey.
COLOURS = {
    Emotion.CALM: "#9aa0a6",
    Emotion.ANGER: "#d55e00",
    Emotion.HAPPINESS: "#e6ab02",
    Emotion.SURPRISE: "#cc79a7",
    Emotion.DISGUST: "#009e73",
    Emotion.FEAR: "#0072b2",
    Emotion.SADNESS: "#56b4e9",
}
DPI = 110


def make_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure that needs no display."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(path: str | Path, figure: Figure) -> None:
    """Write a PNG, whole or not at all, the same bytes for the same figure."""
    with write_atomically(path) as temporary:
        figure.savefig(temporary, dpi=DPI, format="png", metadata={"Software": "Moodreel"})
