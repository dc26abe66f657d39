"""One head model and one renderer for all tests of portraits; skipped where the file is not."""

from pathlib import Path

import numpy as np
import pytest

from synth.generators.bundled_parameters import FaceParameters, map_latents_to_parameters
from synth.workshop.portraits.renderer import FaceRenderer
from synth.workshop.portraits.shape.head_model import HeadModel


@pytest.fixture(scope="session")
def renderer(shared_assets: Path) -> FaceRenderer:
    return FaceRenderer(shared_assets / "ict_facekit.npz")


@pytest.fixture(scope="session")
def model(renderer: FaceRenderer) -> HeadModel:
    return renderer.studio.model


@pytest.fixture(scope="session")
def face() -> FaceParameters:
    z = np.random.default_rng(5).normal(size=(1, 512))
    return FaceParameters.from_vector(map_latents_to_parameters(z)[0])
