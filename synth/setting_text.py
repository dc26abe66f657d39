"""Texts as settings of a command line: `name='text'`, in the grammar of Hydra's overrides."""

from __future__ import annotations

import re
from pathlib import Path


def write_setting(name: str, text: str | Path) -> str:
    """A setting, quoted so that it is taken as text whatever is in it."""
    return f"{name}={quote_setting(text)}"


def quote_setting(text: str | Path) -> str:
    """A text in quotes, from which this very text is read."""
    # A backslash counts as one only before a quote, the end, or what would be an interpolation.
    text = re.sub(r"(\\*)\$\{", lambda found: 2 * found[1] + "\\${", str(text))
    escaped = {"'": "\\'", "": ""}
    text = re.sub(r"(\\*)('|\Z)", lambda found: 2 * found[1] + escaped[found[2]], text)
    return f"'{text}'"
