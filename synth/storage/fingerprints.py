"""One hash for whatever a result depends on: settings, arrays, weights, files, functions.

In: plain values, containers, arrays and tensors, dataclasses, networks, paths (their files count by
content), functions (by name and what they hold). Out: sha256 in hexadecimal. What has no value that
could be read counts by its type's name alone.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from synth.storage.assets import hash_file


def hash_value(value: object) -> str:
    """The sha256 of a value; equal values have equal ones, whatever process asks."""
    digest = hashlib.sha256()
    for piece in _list_pieces(value, ()):
        digest.update(len(piece).to_bytes(8, "little"))
        digest.update(piece)
    return digest.hexdigest()


def hash_arrays(arrays: Iterable[np.ndarray]) -> str:
    """The sha256 of arrays as one, so that how they were cut into chunks does not matter."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def _list_pieces(value: Any, within: tuple[int, ...]) -> Iterable[bytes]:
    """The value as bytes, piece by piece; `within`: what it is a part of, against circles."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")
    elif id(value) in within:
        yield b"again"
    else:
        yield from _list_parts(value, (*within, id(value)))


def _list_parts(value: Any, within: tuple[int, ...]) -> Iterable[bytes]:
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    if isinstance(value, Path):
        yield (hash_file(value) if value.is_file() else str(value)).encode()
    elif isinstance(value, torch.Tensor):
        plain = value.detach().cpu().contiguous()
        yield f"{plain.dtype} {tuple(plain.shape)}".encode()
        yield plain.reshape(-1).view(torch.uint8).numpy().tobytes()
    elif isinstance(value, np.ndarray | np.generic):
        yield f"{value.dtype} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    else:
        parts = list(_open(value))
        yield str(len(parts)).encode()  # where it ends: [[1], 2] is not [[1, 2]]
        for part in parts:
            yield from _list_pieces(part, within)


def _open(value: Any) -> Iterable[object]:
    """What a container, a record, a network or a function holds."""
    if isinstance(value, type):
        return [f"{value.__module__}.{value.__qualname__}"]
    if isinstance(value, Mapping):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, set | frozenset):
        return sorted(map(hash_value, value))
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, torch.nn.Module):
        return [dict(value.state_dict())]
    if is_dataclass(value):
        kept = [one.name for one in fields(value) if one.compare]
        return [part for name in kept for part in (name, getattr(value, name))]
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, FunctionType):
        held = [cell.cell_contents for cell in value.__closure__ or ()]
        return [f"{value.__module__}.{value.__qualname__}", value.__defaults__, held]
    return []
