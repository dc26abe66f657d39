"""Patches are what whole pictures show there, and only the last layers learn from them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.workshop.training.batches import Reading
from synth.workshop.training.patches import Patches, draw_patches, synthesize_patches
from synth.workshop.training.plans import Stage
from synth.workshop.training.regression import find_colour_range, find_disagreement

CONFIG = StyleGAN2Config(resolution=64, mapping_layers=1, channel_base=512, channel_max=16)


@pytest.fixture(scope="module")
def synthesis():
    torch.manual_seed(0)
    return StyleGAN2(CONFIG).synthesis


@pytest.mark.parametrize("stop", [32, 64])
def test_patches_are_parts_of_whole_pictures(synthesis, stop: int):
    w_plus = torch.randn(3, CONFIG.num_layers, CONFIG.w_dim)
    patches = Patches(np.array([(0, 10), (5, 6), (10, 1)]), 6)
    with torch.no_grad():
        whole = synthesis(w_plus, "none", None, stop)
        parts = synthesize_patches(synthesis, w_plus, patches, 16, stop)
    assert torch.allclose(parts[-1], patches.cut(whole, stop // 16), atol=1e-4)


def test_pictures_of_the_sizes_between_come_with_them(synthesis):
    w_plus = torch.randn(2, CONFIG.num_layers, CONFIG.w_dim)
    patches = Patches(np.array([(0, 10), (5, 6)]), 6)
    with torch.no_grad():
        smaller, whole = synthesize_patches(synthesis, w_plus, patches, 16, 64)
        expected = synthesis(w_plus, "none", None, 32)
    assert torch.allclose(smaller, patches.cut(expected, 2), atol=1e-4)
    assert whole.shape[-1] == 24


def test_pictures_of_the_sizes_between_are_tied_to_the_whole_which_stays():
    whole = torch.rand(2, 3, 24, 24, requires_grad=True)
    reduced = whole.detach().reshape(2, 3, 12, 2, 12, 2).mean((3, 5))
    assert float(find_disagreement([reduced], whole).detach()) < 1e-6
    smaller = (reduced + 0.25).requires_grad_()
    loss = find_disagreement([smaller], whole)
    loss.backward()
    assert torch.isclose(loss.detach(), torch.tensor(0.25))
    assert whole.grad is None
    assert smaller.grad is not None
    assert (smaller.grad > 0).all()


@pytest.mark.parametrize(("size", "trunk"), [(512, 64), (1024, 128), (512, 256)])
def test_colours_allowed_in_patches_are_those_of_the_whole_pictures(size: int, trunk: int):
    target = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    # Bright spots, far enough apart for what lies beyond a patch to count.
    target[:, :, ::23, ::29] += 5
    patches = draw_patches(np.random.default_rng(0), 3, 16, trunk)
    stage = Stage(size, 3, 3, 1e-2, trunk=trunk, patch=16, adversarial=1.0)
    batch = Reading(torch.zeros(3, 16, 512), target, patches, (0, 0, 128), {})
    allowed = find_colour_range(stage, batch)
    whole = find_colour_range(stage, replace(batch, patches=None))
    for part, all_of_it in zip(allowed, whole, strict=True):
        assert torch.equal(part, patches.cut(all_of_it, size // trunk))


def test_only_the_layers_after_the_trunk_learn(synthesis):
    w_plus = torch.randn(2, CONFIG.num_layers, CONFIG.w_dim)
    patches = draw_patches(np.random.default_rng(0), 2, 6, 16)
    synthesize_patches(synthesis, w_plus, patches, 16, 64)[-1].sum().backward()
    for size in CONFIG.resolutions:
        learns = synthesis.block_at(size).conv1.weight.grad is not None
        assert learns == (size > 16)


def test_random_patches_reach_all_edges_and_stay_inside():
    patches = draw_patches(np.random.default_rng(0), 500, 6, 16)
    assert patches.corners.min() == 0
    assert patches.corners.max() == 16 - 6
    windows, places = patches.widen(16)
    assert windows.corners.min() == 0
    assert (windows.corners + windows.side).max() == 16
    picture = torch.rand(500, 1, 16, 16)
    assert torch.equal(places.cut(windows.cut(picture, 1), 1), patches.cut(picture, 1))
