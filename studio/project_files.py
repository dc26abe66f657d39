"""A project as one file, JSON: `format` moodreel-project-1, `name`, `order`, `favourites`."""

from __future__ import annotations

from pathlib import Path

from studio.orders import FilmOrder, parse_order
from synth.plain_text import load_json, show

FORMAT = "moodreel-project-1"


def load_project(path: str | Path) -> FilmOrder:
    """The order of a project's file. Raises ValueError naming the file, OSError."""
    content = load_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: needs a project of the studio; got {show(content)}")
    try:
        return parse_order(content.get("order"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
