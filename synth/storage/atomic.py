"""Whole files or none, whole folders or none: write beside under another name, fsync, rename.

A reader never sees half a file under its final name, whether the writer was interrupted, ran out
of disk or crashed. What a killed writer leaves under its temporary name is removed by the next
writer of the same file or folder, and only when it is certain that its own writer is gone: see
`synth.storage.writers`.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth.storage.exchange import put_in_place
from synth.storage.writers import hold_as_writer, is_abandoned, mark_writer

#: Errors that are the disk's, whatever was being written.
DISK_ERRORS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM)
)


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it is fsynced and renamed to `path`.

    The parent folder is made. On any exception, Ctrl-C included, the temporary file is removed
    and `path` is left as it was. The temporary name keeps the suffix of `path`, since encoders
    choose their format by it; permissions are those of any new file.
    Raises OSError naming `path` when the folder cannot be written or the disk is full.
    """
    path = Path(path)
    _make_parent(path)
    temporary = path.with_name(f".{path.stem}.{mark_writer()}.part{path.suffix}")
    with naming(path, temporary):
        # Python's own open would follow a link or take a file that is there.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
        try:
            with hold_as_writer(temporary):
                yield temporary
                with open(temporary, "rb+") as file:
                    os.fsync(file.fileno())
                os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def write_folder_atomically(path: str | Path, replace: bool = False) -> Iterator[Path]:
    """Yield a new folder beside `path`; on a clean exit all in it is fsynced and it is renamed.

    On any exception it is removed. Raises FileExistsError, at the end, when something has that name
    already, unless it is a folder to `replace`: that one goes when the new one is in its place.
    Raises OSError naming `path` as `write_atomically` does.
    """
    path = Path(path)
    _make_parent(path)
    temporary = path.with_name(f".{path.name}.{mark_writer()}.part")
    with naming(path, temporary):
        temporary.mkdir()
        try:
            with hold_as_writer(temporary):
                yield temporary
                _sync_folder(temporary)
                if os.path.lexists(path) and not (replace and path.is_dir()):
                    raise FileExistsError(
                        errno.EEXIST, "needs a name that is free; try removing it", str(path)
                    )
                put_in_place(temporary, path)
                _sync(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(path: str | Path) -> None:
    """Remove what killed writers of the file or folder `path` left under temporary names.

    Leaves alone what a living process writes, and what it cannot tell of. A folder that a killed
    writer had put aside comes back when nothing is in its place.
    """
    path = Path(path)
    try:
        names = os.listdir(path.parent)
    except OSError:
        return
    stem, whole, suffix = (re.escape(text) for text in (path.stem, path.name, path.suffix))
    pattern = re.compile(
        rf"\.({stem}\.[^.]+\.part{suffix}|{whole}\.[^.]+\.part|{whole}\.[^.]+\.aside)"
    )
    for name in names:
        found = path.with_name(name)
        if not pattern.fullmatch(name) or not is_abandoned(found):
            continue
        if name.endswith(".aside") and not os.path.lexists(path):
            os.replace(found, path)
        elif found.is_dir() and not found.is_symlink():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)


@contextmanager
def naming(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """An error of the disk names `path`, not the temporary file, and never nothing.

    Errors about other files pass as they are. Compiled libraries tell the disk's error as text
    alone; that text becomes an OSError too.
    """
    try:
        yield
    except OSError as error:
        named = str(error.filename or "")
        ours = named.startswith(str(temporary)) if temporary and named else False
        if ours or (not named and error.errno in DISK_ERRORS):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise
    except ValueError:  # a sentence of ours
        raise
    except Exception as error:
        number = _find_disk_error(str(error))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def _find_disk_error(text: str) -> int | None:
    """The error of the disk that a message speaks of."""
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO):
        if os.strerror(number) in text:
            return number
    return None


def _make_parent(path: Path) -> None:
    """Make the folder that `path` goes into, and remove what killed writers left of `path`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(
            errno.ENOTDIR, "needs a folder to write in; got a file", str(path.parent)
        ) from None
    remove_leftovers(path)


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
