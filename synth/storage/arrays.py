"""Arrays of numbers and text out of .npy and .npz files, bounded before anything is allocated.

In: a path. Out: arrays. A header can promise any size, and a compressed part unpack to a thousand
times its own; both are compared with what is in the file first. Pickled objects are refused.
Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Collection
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import numpy as np
from numpy.lib import format as npy

#: What any .npz may unpack to, and how many times its own size beyond that.
_FREE_BYTES = 1 << 26
_LARGEST_GROWTH = 50
_MOST_PARTS = 10_000
#: bool, signed and unsigned integers, real and complex numbers, bytes and text.
_PLAIN_KINDS = "biufcSU"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def load_array(path: str | Path) -> np.ndarray:
    """The array of an .npy file.

    Raises OSError when it cannot be read, ValueError naming it when it is no such file, is cut off,
    or holds anything but plain numbers or text.
    """
    path = Path(path)
    size = path.stat().st_size
    with open(path, "rb") as file:
        return _read_array(file, size, str(path))


def load_arrays(path: str | Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name: all of them, or those of `names` that are there.

    Raises what `load_array` does, also for a file that unpacks to far more than its size.
    """
    path = Path(path)
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _choose_parts(archive, names, str(path))
            unpacked = sum(part.file_size for part in parts.values())
            most = _FREE_BYTES + _LARGEST_GROWTH * size
            if unpacked > most:
                raise ValueError(
                    f"{path}: needs arrays of at most {most} bytes in a file of {size}; got "
                    f"{unpacked}; try saving them with np.savez, which does not compress"
                )
            found = {}
            for name, part in parts.items():
                with archive.open(part) as file:
                    found[name] = _read_array(
                        cast(BufferedIOBase, file), part.file_size, f"{path}, {name!r}"
                    )
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(f"{path}: needs an intact .npz file; {error}") from error


def _choose_parts(
    archive: zipfile.ZipFile, names: Collection[str] | None, source: str
) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > _MOST_PARTS:
        raise ValueError(f"{source}: needs at most {_MOST_PARTS} arrays; got {len(entries)}")
    chosen: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename.removesuffix(".npy")
        if name == entry.filename or (names is not None and name not in names):
            continue
        if name in chosen:
            raise ValueError(f"{source}: needs each array once; got {name!r} twice")
        if entry.flag_bits & 0x1 or entry.compress_type not in _METHODS:
            raise ValueError(f"{source}: needs plain or deflated arrays; got {name!r} otherwise")
        chosen[name] = entry
    return chosen


def _read_array(file: BufferedIOBase, size: int, source: str) -> np.ndarray:
    """The array at the beginning of `file`, which holds `size` bytes."""
    shape, dtype, is_fortran, header_bytes = _read_header(file, source)
    if dtype.kind not in _PLAIN_KINDS or dtype.itemsize == 0:
        raise ValueError(
            f"{source}: needs an array of numbers or text; got {_name_kind(dtype)}; try "
            "np.asarray(values, np.float32) before saving"
        )
    needed, held = math.prod(shape) * dtype.itemsize, size - header_bytes
    if min(shape, default=1) < 0 or needed > held:
        raise ValueError(
            f"{source}: needs the {needed} bytes that its header promises, shape {shape} of "
            f"{dtype}; got {max(held, 0)}; try another copy of the file"
        )
    raw = bytearray(needed)
    view = memoryview(raw)
    while view:
        count = file.readinto(view)  # pyright: ignore[reportAttributeAccessIssue]
        if not count:
            raise ValueError(f"{source}: needs a whole file; got one that is cut off")
        view = view[count:]
    flat = np.frombuffer(raw, dtype)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _read_header(file: BufferedIOBase, source: str) -> tuple[tuple[int, ...], np.dtype, bool, int]:
    """Shape, type, order, and how many bytes all that took."""
    before = file.tell()
    try:
        version = npy.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"format {version}")
        shape, is_fortran, dtype = _HEADERS[version](file)
    except (ValueError, TypeError, EOFError, RecursionError, MemoryError, SyntaxError) as error:
        file.seek(before)
        found = "a pickle, which could run code" if file.read(1) == b"\x80" else "another"
        raise ValueError(f"{source}: needs an array as np.save writes it; got {found}") from error
    return shape, dtype, is_fortran, file.tell() - before


def _name_kind(dtype: np.dtype) -> str:
    return "pickled objects, which could run code" if dtype.hasobject else str(dtype)
