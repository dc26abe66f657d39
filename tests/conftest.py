"""Shapes in public signatures are checked while testing; shared reference files are found here."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

PACKAGES = ["synth", "embed", "directions", "emotion_seq"]
_hook = install_import_hook(PACKAGES, "beartype.beartype")

REPOSITORY = Path(__file__).resolve().parents[1]


def find_shared_assets() -> Path | None:
    """The folder of reference files: MOODREEL_ASSETS, or the one beside the repository."""
    configured = os.environ.get("MOODREEL_ASSETS")
    folder = Path(configured) if configured else REPOSITORY.parent / "shared" / "assets"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared_assets() -> Path:
    folder = find_shared_assets()
    if folder is None:
        pytest.skip("needs the reference files; set MOODREEL_ASSETS to their folder")
    return folder
