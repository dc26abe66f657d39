"""One process at a time: a folder for one run alone, a file for one change at a time.

In: a folder or file. Out: a block of code during which nobody else is in there. Locks are the
system's own (flock; msvcrt on Windows): they end with the process, however it ends, so nothing has
to be removed after a crash.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth.storage.atomic import naming

LOCK_FILE = ".in_use"
_POLL_S = 0.05
#: Answers of file systems that know no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class InUseError(ValueError):
    """Another process, or another part of this one, has what was asked for."""


@contextmanager
def own_folder(folder: str | Path) -> Iterator[Path]:
    """Have `folder` (made if need be) for this run alone while the block runs; yields it.

    Within it a hidden file names the process; it goes at the end. Raises InUseError, a ValueError,
    naming folder and process when another run is in there; OSError naming the folder when nothing
    can be written in it.
    """
    folder = Path(folder)
    path = folder / LOCK_FILE
    with own_file(
        path,
        f"{folder}: needs a folder that no other run is writing in; got {{holder}}; "
        "try waiting for it, or another name=...",
    ):
        yield folder


@contextmanager
def own_file(path: str | Path, refusal: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock at `path`, a file made for that alone, while the block runs.

    refusal: the error's text, in which `{holder}` stands for whoever has it. Waits up to `wait_s`
    seconds. Raises InUseError.
    """
    path = Path(path)
    ends_s = time.monotonic() + wait_s
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path):
        while (handle := _take(path)) is None:
            if time.monotonic() >= ends_s:
                raise InUseError(refusal.replace("{holder}", _name_holder(path)))
            time.sleep(_POLL_S)
    try:
        yield
    finally:
        # Removed while it is held: whoever opened it meanwhile sees that the name is gone.
        if sys.platform == "win32":
            os.close(handle)
        else:
            path.unlink(missing_ok=True)
            os.close(handle)


def _take(path: Path) -> int | None:
    """An open, locked file at `path` with this process's number in it; None when it is taken."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if _lock(handle, path) and _is_at(handle, path):
            os.ftruncate(handle, 0)
            text = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
            os.write(handle, text.encode())
            return handle
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _lock(handle: int, path: Path) -> bool:
    """Whether this process has the lock now."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS and sys.platform != "win32":
            warnings.warn(
                f"{path}: its file system knows no locks ({error.strerror}); a second run in "
                "there would not be noticed",
                stacklevel=2,
            )
            return True
        return False
    return True


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one of that name: its last holder may have removed it."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    own = os.fstat(handle)
    return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)


def _name_holder(path: Path) -> str:
    """Who has the lock, as far as the file says."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        number, host = int(content["pid"]), str(content["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process in there"
    place = "" if host == socket.gethostname() else f" on {ascii(host)[1:-1]}"
    who = "another part of this process" if not place and number == os.getpid() else "process"
    return f"{who} {number}{place} in there"
