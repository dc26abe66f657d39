"""Keras networks on disk with a card inside: a .keras file is a zip, and the card a part of it.

Any Keras opens such a file. Moodreel itself takes nothing but the card and the weights out of it:
the network is built by our own code, after what the card says of its sizes, so that no description
of layers is followed and no name in the file is looked up. Weights are compared with the network's
before they are read: what is not as many, or lies outside the file, is refused.
"""

from __future__ import annotations

import io
import json
import math
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py

from synth.plain_text import parse_json, show
from synth.storage.atomic import write_atomically

CARD, WEIGHTS = "card.json", "model.weights.h5"
_LARGEST_CARD = 1 << 20
_LARGEST_WEIGHTS = 1 << 28
#: Beside the weights, a file holds the state of random generators and the like.
_FREE_BYTES = 1 << 16
_DEEPEST = 16
_MOST_PARTS = 10_000

MakeNetwork = Callable[[Mapping[str, Any]], Any]


def save_keras_file(path: str | Path, model: Any, kind: str, card: Mapping[str, Any]) -> None:
    """Write model and card, whole or not at all; `kind` is checked when it is read.

    Raises ValueError for a path that does not end in .keras.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"needs a file name ending in .keras; got {path}")
    with write_atomically(path) as temporary:
        model.save(temporary, overwrite=True)
        with zipfile.ZipFile(temporary, "a") as archive:
            text = json.dumps({**card, "kind": kind}, indent=2)
            archive.writestr(zipfile.ZipInfo(CARD, (1980, 1, 1, 0, 0, 0)), text)


def load_keras_file(path: str | Path, kind: str, make: MakeNetwork) -> tuple[Any, dict[str, Any]]:
    """Read (model, card); `make` builds the network that the card speaks of.

    Raises FileNotFoundError, and ValueError naming the file when it is broken, of another kind, or
    holds other weights than the network has.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"needs a .keras file; found nothing at {path}; check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            card = parse_json(_read_part(archive, CARD, _LARGEST_CARD).decode(), "its card")
            if not isinstance(card, dict) or card.get("kind") != kind:
                raise ValueError(f"it holds {show(card)}")
            weights = _read_part(archive, WEIGHTS, _LARGEST_WEIGHTS)
        model = make(card)
        _check_weights(weights, sum(8 * math.prod(one.shape) for one in model.variables))
        _load_weights(model, weights)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path}: needs a .keras file of {kind} written by Moodreel; {reason}; try training "
            "again, or another file"
        ) from error
    return model, card


def _read_part(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    part = archive.getinfo(name)
    if part.file_size > largest:
        raise ValueError(f"{name} has {part.file_size} bytes, more than {largest}")
    return archive.read(part)


def _check_weights(raw: bytes, most_bytes: int) -> None:
    """Raise ValueError unless all numbers of an HDF5 file lie in it, and take no more than that.

    Nothing is read of them. Links can lead out of the file, and a packed part of it can unpack to
    any size.
    """
    with h5py.File(io.BytesIO(raw), "r") as file:
        todo: list[tuple[h5py.Group, int]] = [(file, 0)]
        left, parts = most_bytes + _FREE_BYTES, _MOST_PARTS
        while todo:
            group, depth = todo.pop()
            for name in map(str, group):
                item = group.get(name) if _is_inside(group, name) else None
                if isinstance(item, h5py.Dataset) and _is_plain(item):
                    left -= item.size * item.dtype.itemsize
                elif isinstance(item, h5py.Group) and depth < _DEEPEST:
                    todo.append((item, depth + 1))
                else:
                    raise ValueError(f"{WEIGHTS} holds other things than plain arrays")
                parts -= 1
                if left < 0 or parts < 0:
                    raise ValueError(f"{WEIGHTS} holds more than the network's {most_bytes} bytes")


def _is_inside(group: h5py.Group, name: str) -> bool:
    return isinstance(group.get(name, getlink=True), h5py.HardLink)


def _is_plain(item: h5py.Dataset) -> bool:
    packed = item.chunks is not None or item.compression is not None
    return not (packed or item.is_virtual or item.external) and item.dtype.kind in "biuf"


def _load_weights(model: Any, raw: bytes) -> None:
    """Keras reads weights by the name of a file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, WEIGHTS)
        copy.write_bytes(raw)
        model.load_weights(copy)
