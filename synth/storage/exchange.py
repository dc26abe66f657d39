"""A new file or folder takes an old one's place with no moment in which there is neither.

Linux exchanges two names in one step (renameat2). Elsewhere the old folder is put aside under a
temporary name first; should the process be killed just then, `atomic.remove_leftovers` puts it
back.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from synth.storage.writers import mark_writer

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE


def put_in_place(new: Path, path: Path) -> None:
    """Rename `new`, a file or folder, to `path`; what had the name is removed afterwards."""
    if not os.path.lexists(path) or not (_is_folder(new) or _is_folder(path)):
        os.replace(new, path)
        return
    exchange = _find_exchange()
    if exchange is not None and exchange(os.fsencode(new), os.fsencode(path)):
        _remove(new)
        return
    aside = path.with_name(f".{path.name}.{mark_writer()}.aside")
    os.replace(path, aside)
    try:
        os.replace(new, path)
    except BaseException:
        os.replace(aside, path)
        raise
    _remove(aside)


def _is_folder(path: Path) -> bool:
    """Whether it is a folder itself, not a link to one."""
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@functools.cache
def _find_exchange() -> Callable[[bytes, bytes], bool] | None:
    """What exchanges two names, and says whether it did; None where the system cannot."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return None
    rename.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return lambda new, path: rename(_HERE, new, _HERE, path, _EXCHANGE) == 0
