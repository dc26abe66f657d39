"""What a fit found: the set with its card, and one picture.

The picture: which emotions directions recognise on people who were not fitted, how close they are
to one another, and what regularisation changes in the AUC.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from directions.fitting.fit import FittedSet
from directions.fitting.held_out import CHANCE_ONE
from directions.fitting.samples import LabelledLatents
from directions.fitting.settings import FitSettings
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet
from synth.storage.atomic import write_atomically
from synth.video.provenance import SOFTWARE

LABELS = [emotion.label for emotion in Emotion]


def make_set(
    generator: Generator,
    fitted: FittedSet,
    labelled: LabelledLatents,
    settings: FitSettings,
    about: str,
) -> DirectionSet:
    """The directions with a card of how they were fitted, `about` their labels, and measured."""
    card = {
        "labels": about,
        **describe_fit(fitted, labelled, settings),
        "licence": "as the generator's",
    }
    return DirectionSet(
        {emotion: found.direction for emotion, found in fitted.emotions.items()},
        generator.name,
        generator.sha256,
        {emotion: found.calm_level for emotion, found in fitted.emotions.items()},
        card,
    )


def describe_fit(
    fitted: FittedSet, labelled: LabelledLatents, settings: FitSettings
) -> dict[str, str]:
    """Entries of the card: how it was fitted and what was measured, all as text."""
    emotions = fitted.emotions
    cosines = fitted.compute_cosines()
    return {
        "samples": str(len(labelled.latents)),
        "subjects": str(len(np.unique(labelled.subjects))),
        "examples": json.dumps({e.label: f.count for e, f in emotions.items()}),
        "space": settings.space,
        "rows": "all" if settings.rows is None else json.dumps(list(settings.rows)),
        "model": settings.model,
        "contrast": settings.contrast,
        "standardise": settings.standardise,
        "orthogonal_to": json.dumps([*settings.orthogonal_to]),
        "apart": json.dumps(settings.apart),
        "c": f"{fitted.strength.c:g}",
        "auc_by_c": json.dumps({f"{c:g}": round(a, 4) for c, a in fitted.strength.aucs.items()}),
        "seed": str(settings.seed),
        "held_out_auc": json.dumps(
            {e.label: round(f.held_out_auc, 4) for e, f in emotions.items()}
        ),
        "chance_auc": json.dumps(
            {e.label: round(0.5 + CHANCE_ONE * f.held_out.spread, 4) for e, f in emotions.items()}
        ),
        "held_out_subjects": str(fitted.held_out),
        "held_out_accuracy": f"{fitted.accuracy:.4f}",
        "held_out_confusion": json.dumps(fitted.confusion.tolist()),
        "cosines": json.dumps(
            {e.label: np.round(row, 3).tolist() for e, row in zip(emotions, cosines, strict=True)}
        ),
    }


def save_fit_report(path: Path, fitted: FittedSet, title: str) -> None:
    """The picture, as PNG."""
    figure = Figure(figsize=(15, 4.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _draw_table(left, fitted.confusion, LABELS, LABELS, "d")
    left.set(
        title=f"held-out people: {fitted.accuracy:.1%} recognised",
        xlabel="answered",
        ylabel="shown",
    )
    names = [emotion.label for emotion in fitted.emotions]
    _draw_table(middle, fitted.compute_cosines(), names, names, ".2f")
    middle.set(title="cosines between directions")
    values = fitted.strength.aucs
    if values:
        right.plot(list(values), list(values.values()), "o-")
        right.axvline(fitted.strength.c, color="grey", linestyle="--")
        right.set(xscale="log", xlabel="C", title=f"mean AUC over folds; C = {fitted.strength.c:g}")
    else:
        right.set_axis_off()
    figure.suptitle(title)
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90, metadata={"Software": SOFTWARE})


def _draw_table(
    axes: Axes, values: np.ndarray, rows: list[str], columns: list[str], style: str
) -> None:
    shares = values / np.maximum(values.sum(1, keepdims=True), 1) if style == "d" else values
    axes.imshow(shares, cmap="Blues" if style == "d" else "RdBu_r", vmin=-(style != "d"), vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if abs(shares[i, j]) > 0.6 else "black"
        axes.text(j, i, format(value, style), ha="center", va="center", fontsize=8, color=colour)
