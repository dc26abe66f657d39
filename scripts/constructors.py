"""Which constructors a configuration may name, group by group.

A shared YAML file must not call whatever it likes, not even among our own functions. So a setting
may have the `_target_`s that the files of its group in configs/ have, those of groups that these
refer to, and those that the user names in the variable MOODREEL_EXTENSIONS
(`package.module.Class`, several with commas).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from synth.plain_text import load_yaml

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
EXTENSIONS = "MOODREEL_EXTENSIONS"
_REFERENCE = re.compile(r"\$\{([a-z_]+)")


@dataclass(frozen=True)
class Constructors:
    """The `_target_`s that each top-level setting may have, also within."""

    of_group: Mapping[str, frozenset[str]]

    def list_for(self, name: str) -> frozenset[str]:
        """Those for a setting by its place: `face`, `face.recipe.finder`."""
        own = self.of_group.get(name.split(".")[0], frozenset())
        extensions = os.environ.get(EXTENSIONS, "")
        return own | {text.strip() for text in extensions.split(",") if text.strip()}


@cache
def find_constructors(root: str) -> Constructors:
    """All of configs/<root>.yaml: of its own entries and of the groups in its defaults."""
    content = _read(CONFIGS / f"{root}.yaml")
    groups = {*content, *_list_groups(content)} - {"defaults", "hydra"}
    return Constructors({group: frozenset(_collect(group, content, set())) for group in groups})


def _collect(group: str, root: Mapping, seen: set[str]) -> set[str]:
    """The targets of one group, with those of the groups that it refers to."""
    if group in seen:
        return set()
    seen.add(group)
    contents = [_read(file) for file in sorted((CONFIGS / group).rglob("*.yaml"))]
    contents.append({"own": root.get(group)})
    found: set[str] = set()
    for content in contents:
        found |= set(_walk(content, "_target_")) - {"???"}
        for other in [*_list_groups(content), *_list_references(content)]:
            found |= _collect(other, root, seen)
    return found


def _list_groups(content: Mapping) -> list[str]:
    """The groups that a file's defaults name, in whatever form."""
    found = []
    for entry in content.get("defaults") or []:
        for key in entry if isinstance(entry, Mapping) else [entry]:
            name = str(key).removeprefix("optional ").removeprefix("override ")
            found.append(name.split("@")[0].strip("/ ").split("/")[0])
    return [name for name in found if (CONFIGS / name).is_dir()]


def _list_references(content: object) -> list[str]:
    """Top-level settings that values refer to: `${mask}` -> mask."""
    return [name for text in _walk(content, None) for name in _REFERENCE.findall(text)]


def _walk(content: object, key: str | None) -> Iterable[str]:
    """All texts in nested content, or those under `key` alone."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            if key is None or name == key or not isinstance(value, str):
                yield from _walk(value, key)
    elif isinstance(content, list):
        for value in content:
            if key is None or not isinstance(value, str):
                yield from _walk(value, key)
    elif isinstance(content, str):
        yield content


def _read(path: Path) -> Mapping:
    content = load_yaml(path)
    return content if isinstance(content, Mapping) else {}
