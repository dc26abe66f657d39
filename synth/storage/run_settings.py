"""One folder, one kind of results: the settings of a run that can be taken up again.

In: what the results depend on, as plain JSON. Out: a file with it, or a ValueError where results
of another kind lie already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from synth.storage.atomic import remove_leftovers, write_text_atomically


def keep_settings(path: Path, settings: Mapping[str, Any], others: Iterable[Path] = ()) -> None:
    """Write the settings to `path`, unless they are there; refuse to go on with different ones.

    others: files of the same kind, by processes beside this one, that must say the same. Nobody
    else may be writing `path`. Raises ValueError naming the file that differs.
    """
    remove_leftovers(path)
    text = json.dumps(settings, indent=1, sort_keys=True) + "\n"
    for found in {path, *others}:
        if found.is_file() and found.read_text(encoding="utf-8") != text:
            raise ValueError(
                f"needs the settings that the results in {found.parent} were made with "
                f"({found.name}); got others; try another name=..., or remove the folder"
            )
    if not path.is_file():
        write_text_atomically(path, text)
