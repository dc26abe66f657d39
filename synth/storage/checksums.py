"""A folder that can tell whether its files are still those that were written.

In: a folder that is complete. Out: checksums.json in it, names and sha256 of all files below; later
the answer whether they still are what it says.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from synth.plain_text import load_json
from synth.storage.assets import hash_file
from synth.storage.atomic import write_text_atomically

CHECKSUMS = "checksums.json"


def write_checksums(folder: Path) -> None:
    """Note the sha256 of every file in the folder and below."""
    found = {
        path.relative_to(folder).as_posix(): hash_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != CHECKSUMS
    }
    write_text_atomically(folder / CHECKSUMS, json.dumps(found, indent=1) + "\n")


def hash_tree(path: Path) -> str:
    """The sha256 of a file, or of a folder's files and their names."""
    if path.is_file():
        return hash_file(path)
    lines = [
        f"{hash_file(one)} {one.relative_to(path).as_posix()}"
        for one in sorted(path.rglob("*"))
        if one.is_file()
    ]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def find_damage(folder: Path) -> str | None:
    """The file that is missing or is not as it was written; None where all are."""
    path = folder / CHECKSUMS
    try:
        wanted = load_json(path)
        for name, sha256 in wanted.items():
            if hash_file(folder / name) != sha256:
                return str(folder / name)
    except OSError as error:
        return str(error.filename or path)
    except (ValueError, AttributeError):
        return str(path)
    return None
