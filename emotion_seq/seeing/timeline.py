"""Emotions over time as one picture: faces, probabilities, and what was decided or predicted.

In: a video's `Footage` with its decisions, or an `EmotionSequence`. Out: a PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Patch

from emotion_seq.classify import DecisionSettings
from emotion_seq.footage import Decisions, Footage, decide_person
from emotion_seq.seeing.style import COLOURS, make_figure, save_figure
from emotion_seq.sequences import EmotionSequence
from synth.emotions import Emotion

WIDTH_IN = 12.0
#: Pictures side by side in the width of the plot.
MOST_THUMBNAILS = 14
THUMBNAIL_PX = 72


def plot_footage(
    path: str | Path,
    footage: Footage,
    sequence: EmotionSequence,
    title: str = "",
    settings: DecisionSettings | None = None,
) -> None:
    """Three bands: faces seen, their smoothed probabilities stacked, the sequence decided."""
    figure = make_figure(WIDTH_IN, 4.6)
    faces, odds, band = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": [1.0, 2.2, 0.6]}
    )
    main = [decide_person(person, settings) for person in footage.list_main_persons()]
    _draw_faces(faces, main, footage.duration_s)
    for one in main:
        _draw_probabilities(odds, one)
    for end_s in sorted({person.shot_end_s for person in footage.persons}):
        odds.axvline(end_s, color="black", linewidth=0.7, linestyle=":")
    odds.set(ylim=(0, 1), ylabel="probability")
    _draw_sequence(band, sequence)
    band.set(xlim=(0, max(footage.duration_s, 1e-3)), xlabel="seconds")
    faces.set_title(title, loc="left", fontsize=10)
    _add_legend(figure)
    save_figure(path, figure)


def plot_sequence(path: str | Path, sequence: EmotionSequence, title: str = "") -> None:
    """Which emotion when, as high as it is intense."""
    figure = make_figure(WIDTH_IN, 2.2)
    axes = figure.subplots()
    _draw_sequence(axes, sequence, by_intensity=True)
    axes.set(xlim=(0, sequence.duration_s), xlabel="seconds")
    axes.set_title(title, loc="left", fontsize=10)
    _add_legend(figure)
    save_figure(path, figure)


def _draw_faces(axes: Any, main: Sequence[Decisions], duration_s: float) -> None:
    """Thumbnails at their times, as many as have room side by side."""
    axes.set(ylim=(0, 1), yticks=[])
    axes.spines[:].set_visible(False)
    free_s = -np.inf
    for one in main:
        person = one.person
        for time_s, crop in zip(person.thumbnail_times_s, person.thumbnails, strict=True):
            if time_s < free_s:
                continue
            picture = OffsetImage(crop, zoom=0.8 * THUMBNAIL_PX / crop.shape[0])
            # Its own place within the picture's width, so that none hangs over the plot's ends.
            share = float(time_s) / max(duration_s, 1e-3)
            box = AnnotationBbox(
                picture, (float(time_s), 0.5), frameon=False, box_alignment=(share, 0.5), pad=0.0
            )
            axes.add_artist(box)
            free_s = time_s + duration_s / MOST_THUMBNAILS


def _draw_probabilities(axes: Any, one: Decisions) -> None:
    times_s, last_s = one.person.times_s, one.person.times_s[-1]
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.1
    edges = np.append(times_s, min(last_s + step_s, max(one.person.shot_end_s, last_s)))
    odds = np.concatenate([one.probabilities, one.probabilities[-1:]]).T
    axes.stackplot(edges, odds, colors=[COLOURS[emotion] for emotion in Emotion], step="post")


def _draw_sequence(axes: Any, sequence: EmotionSequence, by_intensity: bool = False) -> None:
    start_s = 0.0
    for run in sequence.runs:
        height = max(run.intensity, 0.05) if by_intensity else 1.0
        axes.bar(
            start_s, height, run.duration_s, align="edge", color=COLOURS[run.emotion],
            edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        start_s += run.duration_s
    if by_intensity:
        axes.set_ylabel("intensity")
    else:
        axes.set(ylim=(0, 1), yticks=[], ylabel="decided")


def _add_legend(figure: Any) -> None:
    handles = [Patch(color=COLOURS[emotion], label=emotion.label) for emotion in Emotion]
    figure.legend(handles=handles, loc="outside lower center", ncols=7, frameon=False, fontsize=9)
