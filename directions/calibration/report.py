"""A calibrated set: coefficients and senses as measured, curves in its card and as a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from matplotlib.figure import Figure

from directions.calibration.edits import EditFigures, People
from directions.calibration.rows import RowShares
from directions.calibration.sweep import Calibration
from synth.emotions import Emotion
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.storage.atomic import write_atomically
from synth.video.provenance import SOFTWARE

#: Card entries of a fit that other coefficients change, and those of a finished set.
BEFORE = ("held_out_accuracy", "held_out_confusion", "confusion", "held_out_subjects")
EDITS = ("accuracy", "confusion", "measured_on")


def apply_calibration(
    fitted: DirectionSet, found: Mapping[Emotion, Calibration], conditions: Mapping[str, object]
) -> DirectionSet:
    """The set with measured coefficients; a direction that was backwards is turned, and so is its
    calm level. Card entries `calibration` and `calibrated_with` (JSON) are added; held-out figures
    of the coefficients as they were go by the name `before_calibration`."""
    directions, levels = dict(fitted.directions), dict(fitted.calm_levels)
    for emotion, calibration in found.items():
        vector = directions[emotion].vector * calibration.sign
        directions[emotion] = Direction(vector, calibration.coefficient)
        if emotion in levels:
            levels[emotion] *= calibration.sign
    old = {name: fitted.card[name] for name in BEFORE if name in fitted.card}
    card = {
        **{name: text for name, text in fitted.card.items() if name not in (*BEFORE, *EDITS)},
        **({"before_calibration": json.dumps(old)} if old else {}),
        "calibration": json.dumps({e.label: _round(asdict(c)) for e, c in found.items()}),
        "calibrated_with": json.dumps(dict(conditions)),
    }
    return replace(fitted, directions=directions, calm_levels=levels, card=card, sha256="")


def add_edits(
    fitted: DirectionSet, figures: EditFigures, people: People, reporter: str
) -> DirectionSet:
    """The set with what it does to people it was not calibrated on: card entries `accuracy`,
    `confusion` (JSON, [asked, answered]) and `measured_on` (JSON)."""
    where = {
        "seeds": [people.seeds[0], people.seeds[-1]],
        "psi": people.psi,
        "reported_by": reporter,
    }
    entries = (f"{figures.accuracy:.4f}", figures.confusion.tolist(), where)
    texts = [entries[0], *map(json.dumps, entries[1:])]
    return replace(fitted, card={**fitted.card, **dict(zip(EDITS, texts, strict=True))}, sha256="")


def add_rows(fitted: DirectionSet, shares: Mapping[Emotion, RowShares]) -> DirectionSet:
    """The set with the card entry `rows_that_carry` (JSON)."""
    entry = {
        e.label: {
            "stop": s.stop,
            "first": s.first.round(3).tolist(),
            "without": s.without.round(3).tolist(),
        }
        for e, s in shares.items()
    }
    return replace(fitted, card={**fitted.card, "rows_that_carry": json.dumps(entry)}, sha256="")


def save_calibration_report(
    path: Path,
    found: Mapping[Emotion, Calibration],
    shares: Mapping[Emotion, RowShares],
    title: str,
) -> None:
    """The picture: response and identity over coefficients, and over the first rows."""
    measured = any(calibration.curve.identity_highs for calibration in found.values())
    shown = ["response", *["identity"] * measured, *["rows"] * bool(shares)]
    figure = Figure(figsize=(5 * len(shown), 4.6), layout="constrained")
    panels = dict(zip(shown, figure.subplots(1, len(shown), squeeze=False)[0], strict=True))
    for emotion, calibration in found.items():
        curve = calibration.curve
        at = curve.coefficients
        (line,) = panels["response"].plot(at, curve.responses, "-", label=emotion.label)
        same = {"color": line.get_color(), "linewidth": 1}
        panels["response"].axvline(calibration.coefficient, linestyle=":", **same)
        if curve.identity_highs:
            panels["identity"].plot(at, curve.identity_highs, color=line.get_color())
            panels["identity"].plot(at, curve.identity_medians, "--", **same)
    for emotion, share in shares.items():
        panels["rows"].plot(range(1, len(share.first) + 1), share.first, label=emotion.label)
    labels = {
        "response": ("response of the classifier", "coefficient (dotted: intensity 1)"),
        "identity": ("identity distance: 95th percentile, median dashed", "coefficient"),
        "rows": ("share of the full response", "first rows that are moved"),
    }
    for name, axes in panels.items():
        axes.set(title=labels[name][0], xlabel=labels[name][1])
        axes.title.set_fontsize(10)
    panels["response"].legend(fontsize=7)
    figure.suptitle(title)
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90, metadata={"Software": SOFTWARE})


def _round(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None  # JSON knows no NaN
    if isinstance(value, dict):
        return {key: _round(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_round(item) for item in value]
    return value
