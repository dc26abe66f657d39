"""Shapes in public signatures are checked while testing; shared reference files are found here."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import absl.logging
import pytest
import torch
from jaxtyping import install_import_hook

# Keras's logger closes the stream that it began with, which would be pytest's own.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

REPOSITORY = Path(__file__).resolve().parents[1]


def list_checked_modules() -> list[str]:
    """Every module of the library but numba's kernels and the records that they take.

    A compiled function cannot be wrapped, nor kept on disk for a record whose class was.
    """
    files = [
        file
        for package in ("synth", "embed", "directions", "emotion_seq", "studio")
        for file in sorted((REPOSITORY / package).rglob("*.py"))
        if file.name != "__init__.py"
    ]
    unchecked = re.compile(r"@compile_kernel|\(NamedTuple\)")
    files = [file for file in files if not unchecked.search(file.read_text(encoding="utf-8"))]
    return [".".join(file.relative_to(REPOSITORY).with_suffix("").parts) for file in files]


# The tests' networks are small: a second thread gains nothing, and waits where cores are shared.
torch.set_num_threads(1)
_hook = install_import_hook(list_checked_modules(), "shape_checker.check_types")


def find_shared_assets() -> Path | None:
    """The folder of reference files: MOODREEL_ASSETS, or the one beside the repository."""
    configured = os.environ.get("MOODREEL_ASSETS")
    folder = Path(configured) if configured else REPOSITORY.parent / "shared" / "assets"
    return folder if folder.is_dir() else None


@pytest.fixture(autouse=True)
def same_draws_each_time() -> None:
    """A test draws the same numbers alone, after others, and where others are skipped."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def own_settings_folder(tmp_path_factory) -> Iterator[None]:
    """Keys for signing are made in here, not among those of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOODREEL_CONFIG", str(tmp_path_factory.getbasetemp() / "settings"))
        yield


@pytest.fixture(scope="session")
def shared_assets() -> Path:
    folder = find_shared_assets()
    if folder is None:
        pytest.skip("needs the reference files; set MOODREEL_ASSETS to their folder")
    return folder
