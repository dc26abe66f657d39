"""Is this the same job? What results depend on, as plain JSON: kept beside them, or as a name.

In: settings as plain JSON; files and weights within them by their hash. Out: a file with them, or a
ValueError where results of another kind lie already, with the names of what differs; or a hash, for
results that are kept under it. Settings count by value: their order and the layout of the file do
not matter. Films (`synth.film.job`), photos, footage, trainings and refits all ask here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synth.plain_text import load_json
from synth.storage.atomic import write_text_atomically

_MOST_NAMED = 5
ADVICE = "try another folder (name=...), or remove this one"


def keep_settings(path: Path, settings: Mapping[str, Any], others: Iterable[Path] = ()) -> None:
    """Write the settings to `path`, unless they are there; refuse to go on with different ones.

    others: files of the same kind, by processes beside this one, that must say the same. Call it
    within `locks.own_folder` where two runs could begin at once. Raises ValueError naming the file
    that differs and the settings that do.
    """
    for found in sorted({path, *others}):
        if found.is_file():
            source = f"the results in {found.parent} were made with ({found.name})"
            check_same_settings(load_json(found), settings, source)
    if not path.is_file():
        replace_settings(path, settings)


def replace_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings to `path`, whatever was there: for a folder that has no results yet."""
    write_text_atomically(path, json.dumps(settings, indent=1, sort_keys=True) + "\n")


def hash_settings(settings: Any) -> str:
    """The sha256 of what results depend on, for results that are kept under a name made of it."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def are_same_settings(kept: Any, settings: Any) -> bool:
    """Whether `kept`, as read from a file, says the same as `settings`."""
    return kept == json.loads(json.dumps(settings))


def check_same_settings(
    kept: Any, settings: Mapping[str, Any], source: str, advice: str = ADVICE
) -> None:
    """Raise ValueError unless `kept`, as read from a file, says the same as `settings`.

    source: what was made with the kept ones, `the results in out were made with`. advice: how the
    sentence ends.
    """
    if are_same_settings(kept, settings):
        return
    wanted = json.loads(json.dumps(settings))
    differing = ", ".join(_list_differences(kept, wanted)[:_MOST_NAMED])
    raise ValueError(f"needs the settings that {source}; got others: {differing}; {advice}")


def _list_differences(kept: Any, wanted: Any, path: str = "") -> list[str]:
    """Dotted names of the entries that are not the same in both."""
    if not isinstance(kept, dict) or not isinstance(wanted, dict):
        return [] if kept == wanted else [path or "all of them"]
    return [
        name
        for key in sorted({*kept, *wanted})
        if key not in kept or key not in wanted or kept[key] != wanted[key]
        for name in _list_differences(
            kept.get(key), wanted.get(key), f"{path}.{key}" if path else str(key)
        )
        or [f"{path}.{key}" if path else str(key)]
    ]
