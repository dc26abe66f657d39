"""Aligned pictures of a tiny generator's own as files, some bad ones, and an inverter for them."""

from pathlib import Path

import pytest
from inversion_samples import make_tiny_generator
from photo_samples import make_recipe, save_pictures
from PIL import Image

from embed.photos.inverter import PhotoInverter


@pytest.fixture(scope="session")
def album(tmp_path_factory) -> Path:
    """Three pictures, one that is broken, one that is not square, and a text."""
    folder = save_pictures(tmp_path_factory.mktemp("photos") / "album", 3)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    Image.new("RGB", (40, 30)).save(folder / "wide.png")
    (folder / "notes.txt").write_text("face0.png")
    return folder


@pytest.fixture(scope="session")
def inverter() -> PhotoInverter:
    return PhotoInverter(make_recipe(), make_tiny_generator())
