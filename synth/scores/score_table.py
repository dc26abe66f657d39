"""Scorecards of many films as one table and one picture.

In: scorecards by the names of their films, and what else is known of each film. Out: a file with a
row for each film: .csv, or .parquet where pyarrow is installed (the extra `tables`); a plot of how
the measures are spread. Curves over time stay in the films' own scorecards.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from synth.scores.scorecard import Scorecard
from synth.storage.atomic import write_atomically

Row = Mapping[str, Any]
#: What the picture shows, and how it is called there.
MEASURES = {
    "acd_consecutive": "ACD, consecutive frames",
    "identity_distance_mean": "identity distance to the first face",
    "expression_size_mean": "expression size (eye distances)",
    "flicker_mean": "flicker (grey levels)",
    "frames_without_face": "frames without a face",
    "render_time_s": "seconds to render and encode",
}
#: Formulas to a spreadsheet, wherever they come from.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def make_row(film: str, known: Row, card: Scorecard) -> Row:
    """One film: its name, what else is known of it, and its card without the curves."""
    own = {one.name: getattr(card, one.name) for one in fields(card)}
    del own["curves"], own["format"]
    own["frames_without_face"] = len(card.frames_without_face)
    return {"film": film, **known, **own}


def save_table(path: str | Path, rows: Sequence[Row], names: Sequence[str] = ()) -> None:
    """Write rows as .csv or .parquet, whole or not at all.

    Columns are `names`, then all others that rows have.

    Raises ValueError for another suffix, and for .parquet without pyarrow.
    """
    path = Path(path)
    names = list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
    if path.suffix == ".csv":
        with write_atomically(path) as temporary:
            _write_csv(temporary, names, rows)
    elif path.suffix == ".parquet" and can_write_parquet():
        with write_atomically(path) as temporary:
            _write_parquet(temporary, names, rows)
    else:
        raise ValueError(
            f"{path}: needs a table named .csv, or .parquet with pyarrow installed; "
            "got neither; try .csv"
        )


def can_write_parquet() -> bool:
    """Whether pyarrow is there."""
    return importlib.util.find_spec("pyarrow") is not None


def draw_table(rows: Sequence[Row], path: str | Path) -> None:
    """Write a PNG with a histogram of each measure over the films; dashed: the median."""
    figure = Figure(figsize=(10, 6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for axis, (name, title) in zip(figure.subplots(2, 3).flat, MEASURES.items(), strict=True):
        found = [row.get(name) for row in rows]
        values = np.array([value for value in found if value is not None], float)
        if len(values):
            axis.hist(values, bins=min(30, max(5, len(values) // 4)), color="#3b6ea5")
            axis.axvline(np.median(values), color="#c2571a", linestyle="--", linewidth=1.2)
            axis.set_xlabel(f"median {np.median(values):.4g}, {len(values)} films", fontsize=9)
        else:
            axis.text(0.5, 0.5, "nothing measured", transform=axis.transAxes, ha="center")
        axis.set_title(title, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png")


def _write_csv(path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([_to_cell(row.get(name)) for name in names] for row in rows)


def _to_cell(value: Any) -> Any:
    """Texts that a spreadsheet would compute are kept from it by an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _write_parquet(path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    import pyarrow  # pyright: ignore[reportMissingImports]
    import pyarrow.parquet  # pyright: ignore[reportMissingImports]

    table = pyarrow.table({name: [row.get(name) for row in rows] for name in names})
    pyarrow.parquet.write_table(table, path)
