"""How a sound became a film, as one picture: the four rows of figure 1 in Castro 2020.

In: what was heard, the path that came of it, the categories, and the film's own frames. Out: a
picture of four rows over one axis of time: the spectrogram; its variation with the turns and their
categories; alpha, with loudness and beats; frames of the film.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from synth.motion.base import DrawFilm
from synth.motion.sound.path import SoundPath
from synth.resizing import resize_frames
from synth.sound.hearing import Hearing
from synth.types import Picture

BACKGROUND, PANEL, TEXT, FAINT = "#16181d", "#1d2027", "#f2f2f0", "#9aa0aa"
#: A colour for each category, told apart also by most colour-blind eyes (Okabe and Ito 2008).
COLOURS = ("#e69f00", "#56b4e9", "#cc79a7", "#35b58a", "#f0e442", "#d55e00", "#8f9bff", "#b8bcc4")
WIDTH_IN, HEIGHT_IN, DPI = 16.0, 9.6, 110
#: Square frames that fill the strip; wide ones are fewer.
FRAMES, FRAME_PX = 12, 160
#: More names than this cannot be read; a longer film shows those of as many turns.
_MOST_NAMES = 24
_RANGE_DB = 70.0
#: Points of a curve that a picture this wide can show.
_POINTS = 3000


@dataclass(frozen=True, eq=False)
class SoundPicture:
    """A picture beside the film, drawn when the film is."""

    heard: Hearing
    path: SoundPath
    names: tuple[str, ...]

    def __call__(self, draw: DrawFilm) -> Picture:
        """The picture, uint8 RGB [height, width, 3]."""
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=BACKGROUND)
        canvas = FigureCanvasAgg(figure)
        axes = figure.subplots(
            4,
            1,
            sharex=True,
            gridspec_kw={"height_ratios": (3, 2.6, 2.2, 1.42), "hspace": 0.12},
        )
        figure.subplots_adjust(left=0.062, right=0.985, top=0.965, bottom=0.05)
        for axis in axes:
            _style(axis)
        self._draw_spectrogram(axes[0])
        self._draw_variation(axes[1])
        self._draw_alpha(axes[2])
        self._draw_strip(axes[3], draw)
        axes[3].set_xlim(0, self.path.duration_s)
        axes[3].set_xlabel("seconds", color=FAINT, fontsize=9)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def _draw_spectrogram(self, axis: Axes) -> None:
        decibel = 10 * np.log10(self.heard.picture + 1e-12)
        top = float(np.percentile(decibel, 99.9))
        rate_khz = self.heard.settings.rate_hz / 2000
        axis.imshow(
            decibel,
            origin="lower",
            aspect="auto",
            extent=(0, self.path.duration_s, 0, rate_khz),
            cmap="magma",
            vmin=top - _RANGE_DB,
            vmax=top,
            interpolation="bilinear",
        )
        axis.set_ylabel("kHz", color=FAINT, fontsize=9)
        _title(axis, "spectrogram")

    def _draw_variation(self, axis: Axes) -> None:
        times_s, values = _thin(self.heard.change_times_s, self.heard.variation)
        axis.fill_between(times_s, values, color="#6f7785", linewidth=0)
        # A few hits may be far above all else; they are cut off so that the rest can be seen.
        top = max(float(np.percentile(values, 99.5)), 1e-6) * 1.45
        axis.set_ylim(0, top)
        turns = self.path.turns.turns
        shown = set(
            np.linspace(0, len(turns) - 1, min(len(turns), _MOST_NAMES)).round().astype(int)
        )
        for number, (turn, name) in enumerate(zip(turns, self.names, strict=True)):
            colour = self._find_colour(name)
            style = ":" if turn.cut else "-"
            axis.axvline(turn.time_s, color=colour, linewidth=1.3, linestyle=style, alpha=0.95)
            if number in shown:
                self._write_name(axis, number, name, colour, top)
        axis.set_ylabel("of its mean", color=FAINT, fontsize=9)
        _title(axis, "variation between columns, turns (dotted: a cut) and their categories")

    def _write_name(self, axis: Axes, number: int, name: str, colour: str, top: float) -> None:
        """At the line's right; neighbours at three heights, so that names do not overlap."""
        is_last = number == len(self.names) - 1
        axis.annotate(
            name,
            (self.path.turns.turns[number].time_s, top * (0.93 - 0.13 * (number % 3))),
            xytext=(-4 if is_last else 4, 0),
            textcoords="offset points",
            ha="right" if is_last else "left",
            va="center",
            color=colour,
            fontsize=9,
            fontweight="bold",
            bbox={"facecolor": PANEL, "edgecolor": "none", "alpha": 0.75, "pad": 1},
        )

    def _draw_alpha(self, axis: Axes) -> None:
        turns = self.path.turns
        for number, turn in enumerate(turns.turns[:-1]):
            end_s = turns.turns[number + 1].time_s
            times_s = np.linspace(turn.time_s, end_s, 200, endpoint=False)
            alpha = turns.find_steps(times_s) - number
            colour = self._find_colour(self.names[number + 1])
            axis.fill_between(times_s, alpha, color=colour, alpha=0.28, linewidth=0)
            axis.plot(times_s, alpha, color=colour, linewidth=1.3)
        times_s = np.linspace(0, self.path.duration_s, _POINTS)
        drive = self.path.drive
        axis.plot(times_s, drive.read("loudness", times_s), color=TEXT, linewidth=1.0, alpha=0.75)
        beats_s = drive.beats.times_s
        axis.plot(beats_s, np.full(len(beats_s), -0.07), "|", color=FAINT, markersize=6)
        axis.set_ylim(-0.14, 1.08)
        axis.set_yticks([0, 0.5, 1])
        tempo = drive.beats.tempo_bpm
        pace = "no beat" if tempo is None else f"ticks: beats, {tempo:.0f} a minute"
        _title(axis, f"alpha, in the colour that it leads to; white: loudness; {pace}")

    def _draw_strip(self, axis: Axes, draw: DrawFilm) -> None:
        """Frames side by side, each at the time of its middle."""
        duration_s = self.path.duration_s
        height, width = draw(torch.zeros(1, dtype=torch.float64)).shape[1:3]
        count = max(3, min(round(FRAMES * height / width), 2 * FRAMES))
        times_s = (torch.arange(count, dtype=torch.float64) + 0.5) * duration_s / count
        for number in range(count):
            frame = resize_frames(draw(times_s[number : number + 1]), FRAME_PX)[0]
            left, right = number * duration_s / count, (number + 1) * duration_s / count
            axis.imshow(frame, aspect="auto", extent=(left, right, 0, 1), interpolation="lanczos")
        axis.set_ylim(0, 1)
        axis.set_yticks([])

    def _find_colour(self, name: str) -> str:
        known = list(dict.fromkeys(self.names))
        return COLOURS[(known.index(name) - 1) % len(COLOURS)]


def _style(axis: Axes) -> None:
    axis.set_facecolor(PANEL)
    axis.tick_params(colors=FAINT, labelsize=8)
    axis.spines[:].set_visible(False)


def _title(axis: Axes, text: str) -> None:
    axis.set_title(text, color=TEXT, fontsize=9.5, loc="left", pad=3)


def _thin(times_s: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points, each the largest of those that it stands for."""
    pool = -(-len(values) // _POINTS)
    whole = len(values) // pool * pool
    return times_s[:whole:pool], values[:whole].reshape(-1, pool).max(1)
