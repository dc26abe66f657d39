"""One renderer of a small made-up head for all tests of portraits, and one of the real head."""

from pathlib import Path

import numpy as np
import pytest
from synthetic_head import write_synthetic_head

from synth.generators.bundled_parameters import FaceParameters, map_latents_to_parameters
from synth.workshop.portraits.renderer import FaceRenderer
from synth.workshop.portraits.shape.head_model import HeadModel


@pytest.fixture(scope="session")
def small_renderer(tmp_path_factory) -> FaceRenderer:
    """Of the made-up head: there everywhere."""
    return FaceRenderer(write_synthetic_head(tmp_path_factory.mktemp("head") / "head.npz"))


@pytest.fixture(scope="session")
def renderer(shared_assets: Path) -> FaceRenderer:
    """Of the real head: skipped where its file is not."""
    return FaceRenderer(shared_assets / "ict_facekit.npz")


@pytest.fixture(scope="session")
def model(renderer: FaceRenderer) -> HeadModel:
    return renderer.studio.model


@pytest.fixture(scope="session")
def face() -> FaceParameters:
    """A bare head: nothing worn, no beard, hair of middle length."""
    z = np.random.default_rng(5).normal(size=(1, 512))
    rare = ("glasses", "hat", "earrings", "bun", "braids", "bald", "afro", "dye", "beard")
    bare = dict.fromkeys((*rare, "moustache", "receding", "yaw", "pitch"), 0.0)
    face = FaceParameters.from_vector(map_latents_to_parameters(z)[0])
    return face.with_appearance(**bare, femininity=-0.5)
