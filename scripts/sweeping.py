"""Many runs by one command line: which runs a sweep has, and what their folders are called.

    python -m scripts.generate_video -m 'face.seed=range(0,1000)' 'track.emotions=[calm,fear]'

In: the command line's settings, some with several values. Out: a `Sweep`: a folder's name that
depends on the settings alone, so that the same command finds what it made before, and the runs,
each named by its own values (`face.seed=7`) and not by its number, so that a longer sweep into the
same folder finds its films too.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from synth.plain_text import load_json
from synth.storage.atomic import write_text_atomically
from synth.storage.locks import own_file

SWEEP_FILE = "sweep.json"
FORMAT = "moodreel-sweep-1"
#: Settings that change nothing about the films: where they lie, who makes them, whether again.
_ELSEWHERE = ("name", "paths", "launcher", "resume", "hydra", "ray")
_MOST_LETTERS = 60
_WAIT_S = 30.0


@dataclass(frozen=True)
class Part:
    """One run of a sweep: its folder's name within the sweep's, and all of its settings."""

    name: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Sweep:
    """keys: settings with several values; parts: in the order of those. naming: the setting that
    gives the sweep its folder, where the command line has none."""

    keys: tuple[str, ...]
    parts: tuple[Part, ...]
    naming: tuple[str, ...]

    def save(self, folder: Path) -> None:
        """Add the parts to the list in the sweep's folder, for whoever asks what is missing."""
        path = folder / SWEEP_FILE
        refusal = f"{path}: needs to be written by one process at a time; got {{holder}}; try again"
        with own_file(folder / ".sweep_in_use", refusal, _WAIT_S):
            known = load_parts(folder) if path.is_file() else ()
            listed = {part.name: [*part.settings] for part in (*known, *self.parts)}
            content = {"format": FORMAT, "parts": listed}
            write_text_atomically(path, json.dumps(content, indent=1) + "\n")


def read_sweep(words: Iterable[str]) -> Sweep:
    """The sweep that a command line means. Raises ValueError for settings that cannot be read."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    texts = [word for word in words if not word.startswith("-") and _is_setting(word)]
    try:
        overrides = OverridesParser.create().parse_overrides(texts)
    except HydraException as error:
        raise ValueError(str(error)) from error
    lists, keys = [], []
    for override in overrides:
        key = override.get_key_element()
        if override.is_sweep_override():
            keys.append(key)
            lists.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        else:
            lists.append([override.input_line or key])
    if not keys:
        raise ValueError(
            "needs a setting with several values for many runs; got none; "
            "try 'face.seed=range(0,10)', or leave out -m"
        )
    is_named = any(text.startswith("name=") for text in texts)
    naming = () if is_named else (f"name='{_make_name(texts, keys)}'",)
    runs = [(*run, *naming) for run in itertools.product(*lists)]
    return Sweep(tuple(keys), tuple(Part(name_part(run, keys), run) for run in runs), naming)


def name_part(settings: Iterable[str], keys: Iterable[str]) -> str:
    """The folder's name of one run: its values of the settings that have several in the sweep."""
    keys = set(keys)
    text = ",".join(one for one in settings if one.split("=")[0] in keys)
    plain = _make_plain(text)
    # What a name has no room for, or no letters, is told apart by a sum.
    return plain if plain == text else f"{plain}_{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def load_parts(folder: Path) -> tuple[Part, ...]:
    """The parts of the sweep in a folder. Raises ValueError or OSError naming the file."""
    path = folder / SWEEP_FILE
    content = load_json(path)
    try:
        if content["format"] != FORMAT:
            raise KeyError("format")
        listed = {str(name): tuple(map(str, own)) for name, own in content["parts"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path}: needs the list of a sweep ({FORMAT}); got something else; remove it, and "
            "give the sweep's command again"
        ) from error
    return tuple(Part(name, settings) for name, settings in listed.items())


def find_varied(parts: Iterable[Part]) -> dict[str, dict[str, str]]:
    """For each part by its name: the settings in which parts differ, with its values."""
    own = {part.name: dict(_split(one) for one in part.settings) for part in parts}
    names = list(dict.fromkeys(name for settings in own.values() for name in settings))
    varied = [n for n in names if len({settings.get(n) for settings in own.values()}) > 1]
    return {
        part: {name: settings.get(name, "") for name in varied} for part, settings in own.items()
    }


def _split(setting: str) -> tuple[str, str]:
    name, _, value = setting.partition("=")
    return name, value


def _make_name(texts: list[str], keys: list[str]) -> str:
    """A name that tells what varies, and that is another one for other settings."""
    counted = sorted(text for text in texts if re.split(r"[.=/@]", text)[0] not in _ELSEWHERE)
    digest = hashlib.sha256("\n".join(counted).encode()).hexdigest()[:8]
    varied = ",".join(text for text in texts if text.split("=")[0] in keys)
    return f"video/{_make_plain(varied)}_{digest}"


def _make_plain(text: str) -> str:
    """As much of the text as a file's name may be."""
    return re.sub(r"[^\w.=,+-]+", "-", text, flags=re.ASCII).strip("-.")[:_MOST_LETTERS]


def _is_setting(word: str) -> bool:
    return "=" in word or word.startswith("~")
