"""Patches are what whole pictures show there, and only the last layers learn from them."""

import numpy as np
import pytest
import torch

from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.training.patches import MARGIN, Patches, draw_patches, synthesize_patches

CONFIG = StyleGAN2Config(resolution=64, mapping_layers=1, channel_base=512, channel_max=16)


@pytest.fixture(scope="module")
def synthesis():
    torch.manual_seed(0)
    return StyleGAN2(CONFIG).synthesis


@pytest.mark.parametrize("stop", [32, 64])
def test_patches_are_parts_of_whole_pictures(synthesis, stop: int):
    w_plus = torch.randn(3, CONFIG.num_layers, CONFIG.w_dim)
    patches = Patches(np.array([(4, 4), (5, 6), (6, 4)]), 6)
    with torch.no_grad():
        whole = synthesis(w_plus, "none", None, stop)
        parts = synthesize_patches(synthesis, w_plus, patches, 16, stop)
    assert torch.allclose(parts, patches.cut(whole, stop // 16), atol=1e-4)


def test_only_the_layers_after_the_trunk_learn(synthesis):
    w_plus = torch.randn(2, CONFIG.num_layers, CONFIG.w_dim)
    patches = draw_patches(np.random.default_rng(0), 2, 6, 16)
    synthesize_patches(synthesis, w_plus, patches, 16, 64).sum().backward()
    for size in CONFIG.resolutions:
        learns = synthesis.block_at(size).conv1.weight.grad is not None
        assert learns == (size > 16)


def test_random_patches_leave_room_for_the_margin():
    patches = draw_patches(np.random.default_rng(0), 500, 6, 16)
    assert patches.corners.min() == MARGIN
    assert patches.corners.max() == 16 - 6 - MARGIN
