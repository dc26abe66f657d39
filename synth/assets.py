"""Where files that do not ship with the code come from."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pooch


def find_cache_folder() -> Path:
    """The folder for downloads and conversions: MOODREEL_CACHE, or the user's cache folder."""
    configured = os.environ.get("MOODREEL_CACHE")
    return Path(configured) if configured else Path(pooch.os_cache("moodreel"))


def find_package_file(package: str, relative: str) -> Path:
    """A file that an installed Python package carries, found without importing the package.

    `find_package_file("face_recognition_models", "models/x.dat")`.
    Raises FileNotFoundError naming the package or the file that is not there.
    """
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise FileNotFoundError(
            f"needs the Python package {package}; got none installed; try `pip install {package}`"
        )
    for folder in folders:
        path = Path(folder, relative)
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"needs {relative} in the Python package {package}; got no such file in {folders}; "
        "try reinstalling the package"
    )
