"""Aligned pictures of a tiny generator's own as files, and a recipe that takes seconds of none."""

from pathlib import Path

import pytest
from inversion_samples import draw_own_pictures, make_tiny_generator
from PIL import Image

from embed.inversion.settings import InversionSettings
from embed.photos.inverter import PhotoInverter
from embed.photos.recipe import InversionRecipe
from synth.types import to_frames

SETTINGS = InversionSettings(steps=3, precision="fp32")


def make_recipe(**changes) -> InversionRecipe:
    given = {"finder": None, "settings": SETTINGS, "device": "cpu", **changes}
    return InversionRecipe(**given)


def save_pictures(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for k, frame in enumerate(to_frames(draw_own_pictures(make_tiny_generator(), count))):
        Image.fromarray(frame).save(folder / f"face{k}.png")
    return folder


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
