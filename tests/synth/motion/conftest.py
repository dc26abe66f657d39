"""Clips and sounds to follow, and faces that follow them."""

import pytest
import torch
from footage_clips import draw_pan, draw_still
from footage_motion_samples import SMALL, make_network
from footage_samples import write_clip
from sound_motion_samples import FlatGenerator
from sound_samples import make_pitch_steps, write_wav

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.generators.stylegan2 import StyleGAN2
from synth.motion.direction_sets import DirectionSet, save_directions
from synth.motion.directions import Direction


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """still: one scene; cut: two still ones; pan: a camera that stops; each 25 a second."""
    folder = tmp_path_factory.mktemp("clips")
    frames = {
        "still": draw_still(0, 30),
        "cut": draw_still(0, 25) + draw_still(1, 35),
        "pan": draw_pan(0, 20, 2) + [draw_pan(0, 20, 2)[-1]] * 20,
    }
    paths = {name: write_clip(folder / f"{name}.mp4", some) for name, some in frames.items()}
    paths["heard"] = write_clip(folder / "heard.mp4", frames["cut"], audio_s=2.4)
    return paths


@pytest.fixture
def acting(tmp_path):
    """A small face generator and a file of directions for it."""
    network = make_network(StyleGAN2, SMALL)
    torch.manual_seed(5)
    shape = (network.num_layers, network.w_dim)
    directions = {e: Direction.from_vector(torch.randn(shape), 2.0) for e in Emotion if e}
    save_directions(tmp_path / "small.safetensors", DirectionSet(directions, "small", ""))
    return network, directions, str(tmp_path / "small.safetensors")


@pytest.fixture
def face():
    return Face.random(FlatGenerator(), 5)


@pytest.fixture
def steps(tmp_path):
    wave, at_s = make_pitch_steps(1.5)
    return write_wav(tmp_path / "steps.wav", wave), at_s
