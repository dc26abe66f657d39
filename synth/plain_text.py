"""Plain values out of YAML and JSON that somebody else may have written, bounded before reading.

In: text and where it comes from. Out: dicts, lists, strings, numbers, true, false, None. A small
text can stand for a value of any size (aliases of aliases), of any depth, or for numbers whose
digits take for ever: all of that is refused with one sentence, and so are tags, which ask for
types. `show` puts any value into a message of bounded length.
"""

from __future__ import annotations

import json
import re
import reprlib
from pathlib import Path
from typing import Any

import yaml

_LARGEST_TEXT = 1 << 24
_DEEPEST = 32
_MOST_EVENTS = 200_000
#: Digits and signs of a number; the longest that tells two floats apart has 24.
_LONGEST_NUMBER = 40
_LIKE_A_NUMBER = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|[0-9_:.]+)")
_LONGEST_SHOWN = 200
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 60
_shown.maxlevel = 3


def load_yaml(path: str | Path) -> Any:
    """The value in a YAML file. Raises OSError, or ValueError naming the file and what is wrong."""
    path = Path(path)
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, source: str) -> Any:
    """The value of a YAML text; ValueError naming `source` when it is none, or beyond bounds."""
    try:
        _check_events(text)
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"{source}: needs YAML text; {reason}") from error


def load_json(path: str | Path) -> Any:
    """The value in a JSON file. Raises OSError, or ValueError naming the file and what is wrong."""
    path = Path(path)
    return parse_json(read_text(path), str(path))


def parse_json(text: str, source: str) -> Any:
    """The value of a JSON text; ValueError naming `source` when it is none, or too deep."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(f"{source}: needs JSON of few levels; got a deep nesting") from None
    except ValueError as error:
        raise ValueError(f"{source}: needs JSON; {str(error)[:200]}") from error


def read_text(path: str | Path) -> str:
    """A file as UTF-8 text, with or without a mark at its beginning; ValueError naming it."""
    size = Path(path).stat().st_size
    if size > _LARGEST_TEXT:
        raise ValueError(f"{path}: needs a text of at most {_LARGEST_TEXT} bytes; got {size}")
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: needs text in UTF-8; {error}") from error


def show(value: object) -> str:
    """A value for a message: Python's writing of it, cut in length and in depth."""
    try:
        text = _shown.repr(value)
    except ValueError:  # digits of a huge number
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _check_events(text: str) -> None:
    """Go through the text once without making anything of it."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"aliases (*{str(event.anchor)[:40]}) are not taken; write it twice")
        if getattr(event, "tag", None) is not None:
            raise ValueError(f"tags ({str(event.tag)[:60]}) are not taken")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            _check_number(event.value)
        if depth > _DEEPEST or number > _MOST_EVENTS:
            raise ValueError(f"got more than {_DEEPEST} levels or {_MOST_EVENTS} parts")


def _check_number(text: str) -> None:
    if len(text) > _LONGEST_NUMBER and _LIKE_A_NUMBER.fullmatch(text):
        raise ValueError(f"numbers have at most {_LONGEST_NUMBER} signs; got {len(text)}")
