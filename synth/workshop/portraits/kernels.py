"""How the renderer's inner loops are compiled, and when they are compiled again.

numba keeps compiled functions on disk and looks whether the file of each has changed; not whether
what it calls has, in another file. A kernel would then go on with what it called before. So they
are kept in a folder named after the text of all files of their package.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numba.core.config

_FOLDER = "kernels-"


def make_compiler(package: Path) -> Callable[[Callable[..., Any]], Any]:
    """A decorator for the kernels of `package`, a folder of Python files, at any depth.

    They are kept in its __pycache__, or where NUMBA_CACHE_DIR says; where neither can be written,
    where numba chooses.
    """
    # numba sets its names from the environment, so a type checker knows none of them.
    config: Any = numba.core.config
    parent = Path(config.CACHE_DIR or package / "__pycache__")
    folder = parent / f"{_FOLDER}{find_digest(package)}"

    def compile_function(function: Callable[..., Any]) -> Any:
        configured = config.CACHE_DIR
        # Read where a function is decorated, and by numba alone.
        config.CACHE_DIR = str(folder)
        try:
            return numba.njit(fastmath=True, cache=True, nogil=True)(function)
        finally:
            config.CACHE_DIR = configured

    for other in parent.glob(f"{_FOLDER}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return compile_function


def find_digest(package: Path) -> str:
    """16 hexadecimal digits of the names and the text of all Python files of a folder."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        text = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:16]


#: Decorates the kernels of the portraits.
compile_kernel = make_compiler(Path(__file__).parent)
