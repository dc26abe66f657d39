"""How the renderer's inner loops are compiled, and when they are compiled again.

numba keeps compiled functions on disk and looks whether the file of each has changed; not whether
what it calls has, in another file. A kernel would then go on with what it called before. So they
are kept in a folder named after the text of all files of their package.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
import numba.core.config

from synth.storage.assets import find_cache_folder

_FOLDER, _KEPT_S = "kernels-", 24 * 3600
_decorating = threading.Lock()


def make_compiler(package: Path) -> Callable[[Callable[..., Any]], Any]:
    """A decorator for the kernels of `package`, a folder of Python files, at any depth.

    They are kept where NUMBA_CACHE_DIR says, in the package's __pycache__, in Moodreel's cache, or,
    where none can be written, nowhere. Kernels of other versions go when nobody has used them for a
    day.
    """
    # numba sets its names from the environment, so a type checker knows none of them.
    config: Any = numba.core.config
    configured, name = config.CACHE_DIR, f"{_FOLDER}{find_digest(package)}"
    places = configured, package / "__pycache__", find_cache_folder() / "kernels"
    folder = choose_folder(name, filter(None, places))

    def compile_function(function: Callable[..., Any]) -> Any:
        if folder is None:
            return numba.njit(fastmath=True, nogil=True)(function)
        # Read where a function is decorated, and by numba alone.
        with _decorating:
            config.CACHE_DIR = str(folder)
            try:
                return numba.njit(fastmath=True, cache=True, nogil=True)(function)
            finally:
                config.CACHE_DIR = configured

    return compile_function


def choose_folder(name: str, parents: Iterable[str | Path]) -> Path | None:
    """The folder `name` in the first of `parents` that can be written, or None; older ones go."""
    for parent in map(Path, parents):
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.touch()
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        _tidy(parent)
        return folder
    return None


def _tidy(parent: Path) -> None:
    with suppress(OSError):  # somebody else tidies, too
        for folder in parent.glob(f"{_FOLDER}*"):
            if time.time() - folder.stat().st_mtime > _KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)


def find_digest(package: Path) -> str:
    """16 hexadecimal digits of the names and the text of all Python files of a folder."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        text = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:16]


#: Decorates the kernels of the portraits.
compile_kernel = make_compiler(Path(__file__).parent)
