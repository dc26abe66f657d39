"""Whole files or none, whole folders or none: write beside under another name, fsync, rename.

A reader never sees half a file under its final name, whether the writer was interrupted, ran out
of disk or crashed.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it is fsynced and renamed to `path`.

    The parent folder is made. On any exception, Ctrl-C included, the temporary file is removed
    and `path` is left as it was. The temporary name keeps the suffix of `path`, since encoders
    choose their format by it.
    Raises OSError naming `path` when the folder cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem}.", suffix=f".part{path.suffix}", dir=path.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_read_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def write_folder_atomically(path: str | Path, replace: bool = False) -> Iterator[Path]:
    """Yield a new folder beside `path`; on a clean exit all in it is fsynced and it is renamed.

    On any exception it is removed. A process that is killed leaves it under its temporary name,
    which `remove_leftovers` knows. Raises FileExistsError, at the end, when something has that name
    already, unless it is a folder to `replace`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield temporary
        _sync_folder(temporary)
        temporary.chmod(0o777 & ~_read_umask())
        if path.exists():
            if not replace:
                raise FileExistsError(
                    errno.EEXIST, "needs a name that is free; try removing it", str(path)
                )
            shutil.rmtree(path)
        os.replace(temporary, path)
        _sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(path: str | Path) -> None:
    """Remove what killed writers of the file or folder `path` left under temporary names.

    Only for who is sure that nobody is writing `path` now.
    """
    path = Path(path)
    if not path.parent.is_dir():
        return
    for name in (path.stem, path.name):
        for found in path.parent.glob(f".{escape(name)}.*.part*"):
            if found.is_dir():
                shutil.rmtree(found, ignore_errors=True)
            else:
                found.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    for found in folder.rglob("*"):
        _sync(found)
    _sync(folder)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or a folder's list of names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def write_text_atomically(path: str | Path, text: str) -> None:
    """Write UTF-8 `text` to `path`, whole or not at all."""
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_output_path(path: Path, suffix: str) -> None:
    """Raise ValueError or OSError, before any work, for a place where no such file can be written.

    `suffix` with its dot.
    """
    if path.suffix != suffix:
        raise ValueError(f"{path}: needs a name ending in {suffix}; got {path.suffix!r}")
    if path.is_dir():
        raise IsADirectoryError(f"{path}: needs a file's name; got a folder; try another name")
