"""Who writes a temporary file, and whether that process is still there.

Two signs, both of which must say that the writer is gone. The name holds the writer's process
number and the time it started, which tells a later process that got the same number; and the
writer holds a lock (flock) on the file or folder, which the system drops when the process ends
however it ends, and which is seen by processes that number otherwise (containers, other machines).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is certain there, so nothing is removed
    fcntl = None

_MARK = re.compile(r"p(\d+)-(\d+)-[0-9a-f]+")


def mark_writer() -> str:
    """This process and something random, as a part of a file's name without dots."""
    return f"p{os.getpid()}-{_read_start(os.getpid()) or 0}-{secrets.token_hex(4)}"


@contextmanager
def hold_as_writer(path: Path) -> Iterator[None]:
    """Be known as the writer of a temporary file or folder while the block runs."""
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        # Some file systems know no locks; the process number has to do there.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def is_abandoned(path: Path) -> bool:
    """Whether the writer of a file or folder named by `mark_writer` is certainly gone."""
    marks = [part for part in path.name.split(".") if _MARK.fullmatch(part)]
    if not marks or fcntl is None or _is_running(marks[-1]):
        return False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _is_running(mark: str) -> bool:
    found = _MARK.fullmatch(mark)
    assert found is not None
    number, start = int(found[1]), int(found[2])
    now = _read_start(number)
    if now is not None or os.path.exists("/proc/self/stat"):
        return now == start
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _read_start(number: int) -> int | None:
    """When a process started, in the kernel's ticks since boot; None where nobody says."""
    try:
        text = Path("/proc", str(number), "stat").read_text(encoding="ascii", errors="replace")
        # The second field is a name in brackets that may hold anything.
        return int(text.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
