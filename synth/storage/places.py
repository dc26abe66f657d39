"""Names for what is made of a file: two files of one name in two places get two."""

from __future__ import annotations

import hashlib
from pathlib import Path


def name_by_place(path: str | Path) -> str:
    """The file's name and a mark of where it lies, `clip.mp4-1f00dbee`; stays while it does."""
    path = Path(path)
    place = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{path.name}-{place[:8]}"
