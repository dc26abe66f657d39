"""Records of a network's sizes as JSON, as they stand in the headers of our files."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any, TypeVar

Record = TypeVar("Record")

#: A file that asks for more is broken or not meant well.
DEEPEST_MAPPING = 64
LARGEST_RESOLUTION = 8192
MOST_CLASSES = 100_000
LARGEST_TEXT = 1 << 20


def write_record(record: Any) -> str:
    """A frozen dataclass of plain values as a JSON object that `read_record` reads back."""
    return json.dumps(asdict(record))


def read_record(kind: type[Record], text: str, what: str) -> Record:
    """The dataclass `kind` of a JSON object; lists become tuples.

    `what` names it in errors. Raises ValueError when it is no such record, or when the record
    refuses its values.
    """
    try:
        entries = json.loads(text) if len(text) <= LARGEST_TEXT else None
    except (ValueError, RecursionError):
        raise ValueError(f"needs {what} as JSON; got {text[:80]!a}") from None
    known = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    if not isinstance(entries, dict) or not known.issuperset(entries):
        raise ValueError(
            f"needs a JSON object with entries among {sorted(known)}; got {text[:200]!a}; "
            "try a newer version of this software"
        )
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in entries.items()}
    try:
        return kind(**values)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"needs {what}; got {text[:200]!a} ({error})") from None


def check_limits(mapping_layers: int, resolution: int, classes: int) -> None:
    """Raise ValueError for sizes beyond any sensible network."""
    found = (mapping_layers, resolution, classes)
    most = (DEEPEST_MAPPING, LARGEST_RESOLUTION, MOST_CLASSES)
    if any(value > limit for value, limit in zip(found, most, strict=True)):
        raise ValueError(
            f"needs at most {most[0]} mapping layers, {most[1]} pixels and {most[2]} classes; "
            f"got {found[0]}, {found[1]} and {found[2]}"
        )
