"""A tiny generator, pictures of its own and the loss, for tests of inversion and tuning."""

import pytest
import torch
from inversion_samples import FAST, draw_own_pictures, make_loss, make_tiny_generator

from embed.inversion.invert import invert
from embed.inversion.result import Inversion
from embed.networks.perceptual import FaceLoss
from synth.generators.stylegan2 import StyleGAN2


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    return make_tiny_generator()


@pytest.fixture(scope="module")
def loss() -> FaceLoss:
    return make_loss()


@pytest.fixture(scope="module")
def pictures(generator) -> torch.Tensor:
    return draw_own_pictures(generator, 2)


@pytest.fixture(scope="module")
def found(generator, loss, pictures) -> Inversion:
    return invert(generator, pictures, loss, FAST)
