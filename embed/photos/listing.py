"""Which photos are meant: a file, a folder or a list -> items with names that stay the same.

An item's name is its file's stem and eight digits of a hash of its path, as given: relative to the
folder or list it came from, so that the same photos have the same names on every machine. Which
shard an item belongs to follows from its name alone, however many others there are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Files of a folder that are taken for photos; in a list any name may stand.
SUFFIXES = (
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jpeg", ".jpg", ".mpo", ".pgm",
    ".png", ".ppm", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
LIST_SUFFIX = ".txt"


@dataclass(frozen=True)
class Item:
    """One photo to invert; `name` becomes the name of its folder of results."""

    name: str
    path: Path


@dataclass(frozen=True)
class Shard:
    """Part `number` (from 1) of `count` equal parts of all items. Raises ValueError for others."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(
                f"needs a shard from 1/{max(self.count, 1)} to the last; got "
                f"{self.number}/{self.count}; try shard=1/16, shard=2/16, ... shard=16/16"
            )

    @classmethod
    def parse(cls, text: str | None) -> Shard:
        """`3/16` -> the third of sixteen; None -> everything."""
        if text is None:
            return cls()
        found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", str(text))
        if found is None:
            raise ValueError(f"needs a shard as number/count; got {text!r}; try shard=3/16")
        return cls(int(found[1]), int(found[2]))

    def choose(self, items: Sequence[Item]) -> list[Item]:
        """The items of this part, in their order."""
        return [item for item in items if self._place(item.name) == self.number - 1]

    def __str__(self) -> str:
        return f"{self.number}-of-{self.count}"

    def _place(self, name: str) -> int:
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % self.count


def list_photos(path: str | Path) -> list[Item]:
    """The photos that a path means, each once, sorted by name.

    A folder: every picture in it and below, but for hidden ones. A .txt file: a path on each
    line, relative to the list; empty lines and those that begin with # do not count. Any other
    file: that photo. Listed files need not exist: a missing one fails when its turn comes.
    Raises FileNotFoundError where nothing is, ValueError for a folder or list without photos.
    """
    path = Path(path)
    if path.is_dir():
        found = [p.relative_to(path) for p in path.rglob("*") if p.suffix.lower() in SUFFIXES]
        shown = [p for p in found if not any(part.startswith(".") for part in p.parts)]
        items = [make_item(p.as_posix(), path / p) for p in shown]
        what = f"a picture ({' '.join(SUFFIXES)}) in the folder"
    elif path.suffix.lower() == LIST_SUFFIX and path.is_file():
        lines = [line.strip() for line in _read_list(path).splitlines()]
        items = [make_item(x, path.parent / x) for x in lines if x and not x.startswith("#")]
        what = "a path on a line of the list"
    elif path.exists():
        return [make_item(path.name, path)]
    else:
        raise FileNotFoundError(
            f"needs a photo, a folder or a list of photos; found nothing at {path}"
        )
    if not items:
        raise ValueError(f"needs {what} {path}; got none")
    return sorted({item.name: item for item in items}.values(), key=lambda item: item.name)


def make_item(given: str, path: Path) -> Item:
    """An item whose name tells files apart that have the same stem in different folders."""
    stem = re.sub(r"[^\w-]+", "_", Path(given).stem)[:80].strip("_") or "photo"
    return Item(f"{stem}-{hashlib.sha256(given.encode()).hexdigest()[:8]}", path)


def _read_list(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: needs a list of paths in UTF-8; got other bytes") from None
