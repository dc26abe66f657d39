"""What a file was made from, as its manifest names it: photos and films of a person.

In: paths, whatever the files are called: an upload has a name of its own. Out: those of kinds that
a manifest can name, told by their first bytes. The marks that they carry stay with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_STARTS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}
#: Of files in boxes (ISO 14496-12) the brand tells pictures from films; others are MP4's.
_BRANDS = {
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
}


@dataclass(frozen=True)
class Ingredient:
    """label: what it is called within the manifest. kind: its media type."""

    label: str
    path: Path
    kind: str


def list_ingredients(originals: Iterable[Path]) -> list[Ingredient]:
    """Those that can be named. Raises OSError for a file that cannot be read."""
    kinds = [(path, find_kind(path)) for path in originals]
    return [
        Ingredient(f"original_{number}", path, kind)
        for number, (path, kind) in enumerate(kinds)
        if kind is not None
    ]


def find_kind(path: Path) -> str | None:
    """The media type of a file; None for a kind that cannot be named."""
    with open(path, "rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:], "video/mp4")
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)
