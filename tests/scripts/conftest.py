"""A random generator of 32x32 pixels with random directions, in files as a user has them."""

from pathlib import Path

import pytest
import torch

from directions.store import DirectionSet, save_directions
from synth.checkpoints import load_generator
from synth.checkpoints.native import save_generator
from synth.emotions import Emotion
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.keyframes import Direction


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks this small are slower on two threads, and far slower on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_generator(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    config = StyleGAN2Config(
        resolution=32, z_dim=16, w_dim=24, mapping_layers=2, channel_base=256, channel_max=16
    )
    path = tmp_path_factory.mktemp("generator") / "tiny.safetensors"
    save_generator(path, StyleGAN2(config), "tiny", {})
    return path


@pytest.fixture(scope="session")
def tiny_directions(tmp_path_factory, tiny_generator) -> Path:
    generator = load_generator(tiny_generator)
    random = torch.Generator().manual_seed(1)
    directions = {
        emotion: Direction.from_vector(
            torch.randn(generator.num_layers, generator.w_dim, generator=random), 6.0
        )
        for emotion in Emotion
        if emotion is not Emotion.CALM
    }
    path = tmp_path_factory.mktemp("directions") / "tiny.safetensors"
    save_directions(path, DirectionSet(directions, generator.name, generator.sha256))
    return path
