"""Whole files or none: write to a temporary file in the same folder, fsync, rename.

A reader never sees half a file under its final name, whether the writer was interrupted, ran out
of disk or crashed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
