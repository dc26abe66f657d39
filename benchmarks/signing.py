"""Benchmarks sign what they make with keys of their own, never with the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def signing_as(folder: Path) -> Iterator[None]:
    """Sign with the keys of that folder; they are made where there are none."""
    before = os.environ.get("MOODREEL_CONFIG")
    os.environ["MOODREEL_CONFIG"] = str(folder)
    try:
        yield
    finally:
        del os.environ["MOODREEL_CONFIG"]
        if before is not None:
            os.environ["MOODREEL_CONFIG"] = before
