"""Figures as JSON -> the table of docs/comparison.md, between two marks on that page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synth.storage.atomic import write_text_atomically

BEGIN, END = "<!-- table: python -m benchmarks.film_gans -->", "<!-- end of table -->"
#: Entry of a row -> heading, and how its number is written.
COLUMNS: dict[str, tuple[str, str]] = {
    "acd_consecutive": ("ACD consecutive", ".3f"),
    "acd_pairwise": ("ACD pairwise", ".3f"),
    "identity_distance": ("identity distance", ".3f"),
    "expression_size": ("expression size", ".3f"),
    "share_with_face": ("frames with a face", ".0%"),
    "frame_distance": ("distance, frames", ".3g"),
    "pair_distance": ("distance, pairs", ".3g"),
    "flicker": ("flicker", ".2f"),
    "linearity": ("linearity", ".2f"),
    "confusion": ("confusion", ".2f"),
    "shown_as_told": ("shown as told", ".0%"),
    "parameters": ("parameters", ","),
    "seconds_per_film": ("s a film", ".2g"),
    "steps": ("steps learned", ","),
}
NOTHING = "–"
SHEET_NAME = "comparison.jpg"


def format_table(figures: Mapping[str, Any]) -> str:
    """Markdown: what was measured, and a line for each row."""
    settings = figures["settings"]
    said = (
        f"Measured: {settings['films']} films of {settings['frames']} frames of "
        f"{settings['size_px']}x{settings['size_px']} for each row "
        f"({settings['own_films']} of ours at its own size); every method learned for "
        f"{settings['minutes']:g} minutes of one core, width {settings['width']} (of the papers: "
        f"64), {settings['batch']} films a step, from {settings['learn_films']} films."
    )
    head = "| films | " + " | ".join(heading for heading, _ in COLUMNS.values()) + " |"
    rows = [
        f"| {name} | " + " | ".join(_show(row, entry) for entry in COLUMNS) + " |"
        for name, row in figures["rows"].items()
    ]
    return "\n".join([said, "", head, "|---" * (1 + len(COLUMNS)) + "|", *rows])


def write_table(page: Path, figures: Mapping[str, Any]) -> None:
    """Put the table into the page, and under it the sheet that lies beside the page.

    Raises ValueError for a page without the marks.
    """
    shown = f"{format_table(figures)}\n\n![Films of each row of the table]({SHEET_NAME})"
    write_text_atomically(page, replace_table(page.read_text(encoding="utf-8"), shown))


def replace_table(text: str, table: str) -> str:
    """The page's text with another table between the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"needs a page with the lines {BEGIN!r} and {END!r}; got one without")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _show(row: Mapping[str, Any], entry: str) -> str:
    value = row.get(entry)
    return NOTHING if value is None else format(value, COLUMNS[entry][1])
