"""The tiny generator of the inversion's tests, and a plan for a tiny encoder of it."""

from dataclasses import replace

import pytest
import torch

from embed.encoder.fit import EncoderTask, choose_axes, make_network
from embed.encoder.networks import EncoderNetwork
from embed.encoder.plan import EncoderPlan
from embed.inversion.latent_spaces import measure_w
from synth.judging.perceptual import PerceptualNetwork

PLAN = EncoderPlan(
    steps=6,
    batch=8,
    rate=5e-3,
    widths=(8, 16, 16),
    picture_px=32,
    resolution=32,
    fresh=2,
    pool=16,
    held_out=8,
    compared=2,
)


@pytest.fixture(scope="session")
def plan() -> EncoderPlan:
    return PLAN


@pytest.fixture(scope="session")
def distance():
    torch.manual_seed(0)
    return PerceptualNetwork((8, 8, 16), 5).eval().requires_grad_(False).distance


@pytest.fixture
def make_task(generator, distance, tmp_path):
    """Of changes to the plan: a task, and a network that has not learned anything."""

    def make(**changes) -> tuple[EncoderTask, EncoderNetwork]:
        changed = replace(PLAN, **changes)
        statistics = choose_axes(measure_w(generator))
        task = EncoderTask(generator, statistics, distance, changed, tmp_path)
        return task, make_network(generator, statistics, changed)

    return make
