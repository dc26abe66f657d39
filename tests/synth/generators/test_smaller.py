"""A generator that ends at a lower resolution draws what the whole one draws there."""

import pytest
import torch
from toy_generator import make_toy

from synth.generators.acceleration import accelerate
from synth.generators.smaller import cut_generator
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config


def make_generator(**sizes):
    torch.manual_seed(0)
    config = StyleGAN2Config(resolution=64, z_dim=8, w_dim=12, mapping_layers=2, **sizes)
    return StyleGAN2(config, "small", "abc").eval().requires_grad_(False)


@pytest.mark.parametrize(
    "sizes", [{"channel_base": 512, "channel_max": 16}, {"channels": (8, 8, 6, 6, 4)}]
)
def test_pictures_are_those_of_the_whole_generator(sizes):
    whole = make_generator(**sizes)
    small = cut_generator(whole, 16)
    assert (small.resolution, small.name, small.sha256) == (16, "small", "abc")
    rows = whole.mapping(torch.randn(2, 8))
    expected = whole.synthesis(rows, resolution=16)
    held = rows[:, : small.num_layers]
    assert small.num_layers == whole.count_rows(16)
    assert torch.equal(small.synthesis(held), expected)
    fast = accelerate(small, "fp32", "off")
    torch.testing.assert_close(fast.synthesis(held), expected, atol=1e-4, rtol=1e-4)


def test_weights_are_shared_and_the_whole_stays_as_it_is():
    whole = make_generator(channel_max=8)
    before = whole.state_dict().keys()
    small = cut_generator(whole, 8)
    mine, theirs = small.state_dict(), whole.state_dict()
    assert all(mine[name].data_ptr() == theirs[name].data_ptr() for name in mine)
    assert whole.state_dict().keys() == before and whole.resolution == 64


def test_what_cannot_be_cut_comes_back():
    whole = make_generator(channel_max=8)
    assert cut_generator(whole, 64) is whole and cut_generator(whole, 1000) is whole
    toy = make_toy()
    assert cut_generator(toy, 4) is toy
