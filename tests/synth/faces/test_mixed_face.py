"""Somebody between random people."""

import pytest
import torch

from synth.faces.face import Face
from synth.faces.mixed_face import MixedFace
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config

SMALL = StyleGAN2Config(resolution=16, z_dim=8, w_dim=12, mapping_layers=2, channel_max=8)


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return StyleGAN2(SMALL).eval().requires_grad_(False)


@pytest.mark.parametrize(("share", "seed"), [(0, 3), (1, 9)])
def test_the_ends_of_a_mix_are_the_faces(generator, share, seed):
    mixed = MixedFace([3, 9], share).prepare(generator)
    assert torch.equal(mixed.rows, Face.random(generator, seed).rows)


def test_shares_are_weights(generator):
    faces = [Face.random(generator, seed).rows for seed in (1, 2, 3)]
    mixed = MixedFace([1, 2, 3], shares=[1, 1, 2]).prepare(generator)
    expected = 0.25 * faces[0] + 0.25 * faces[1] + 0.5 * faces[2]
    torch.testing.assert_close(mixed.rows, expected)
    assert MixedFace([5, 6], 0.25).weights == (0.75, 0.25)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"seeds": [1]}, "2 to 8 faces"),
        ({"seeds": [1, 2, 3]}, "needs shares"),
        ({"seeds": [1, 2], "share": 1.5}, "share from 0 to 1"),
        ({"seeds": [1, 2], "shares": [0, 0]}, "not all 0"),
        ({"seeds": [1, 2], "shares": [1, float("nan")]}, "share of 0 or more"),
    ],
)
def test_wrong_mixes_are_told(settings, word):
    with pytest.raises(ValueError, match=word):
        MixedFace(**settings)
