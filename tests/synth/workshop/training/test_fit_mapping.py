import numpy as np
import pytest
import torch

from synth.generators.bundled_parameters import EMOTION_SLICE, NUM_PARAMETERS, make_rotation
from synth.generators.mapping import MappingNetwork
from synth.workshop.training.fit_mapping import (
    draw_pairs,
    fit_mapping,
    make_mapping,
    measure_fit,
    measure_mean_latent,
)
from synth.workshop.training.mapping_parts import JointFit, fit_joint, fit_single, join_parts
from synth.workshop.training.parameter_blocks import find_blocks, place_latents


@pytest.fixture(scope="module")
def network() -> MappingNetwork:
    torch.manual_seed(0)
    return fit_mapping(JointFit(steps=150, width=64), 0)


def test_short_fits_explain_most_and_singles_nearly_all(network):
    fit = measure_fit(network)
    assert fit["identity"] > 0.99
    assert fit["appearance"] > 0.95
    assert fit["emotion"] > 0.5


@pytest.mark.slow
def test_the_usual_fit_explains_emotion():
    assert measure_fit(fit_mapping(JointFit(steps=1500), 0))["emotion"] >= 0.98


def test_the_mean_latent_is_measured(network):
    mean = measure_mean_latent(network, np.random.default_rng(5))
    assert torch.allclose(mean, network.w_avg, atol=0.05)
    z, _ = draw_pairs(np.random.default_rng(5), 2)
    assert torch.equal(network(z, truncation_psi=0.0)[0, 0], network.w_avg)


def test_the_seed_fixes_what_is_trained():
    block = find_blocks()[1][0]
    plan = JointFit(steps=5, width=16)
    first, second, other = (fit_joint(block, plan, 6, seed).weights for seed in (0, 0, 1))
    assert all(map(torch.equal, first, second))
    assert not any(map(torch.equal, first, other))


def test_every_parameter_is_in_one_block_and_emotions_are_joint():
    singles, joint = find_blocks()
    named = [block.parameter for block in singles]
    for block in joint:
        named += block.parameters
    assert sorted(named) == list(range(NUM_PARAMETERS))
    emotions = list(range(NUM_PARAMETERS)[EMOTION_SLICE])
    assert any(block.parameters == emotions and len(block.coordinates) == 7 for block in joint)


def test_latents_have_their_coordinates_and_the_exact_norm():
    u = np.random.default_rng(0).normal(size=(8, make_rotation().shape[1]))
    z = place_latents(u)
    assert np.allclose(np.square(z).mean(1), 1)
    assert np.allclose(z @ make_rotation(), u, atol=1e-4)


def test_parts_beyond_a_layer_are_refused():
    part = fit_single(find_blocks()[0][0], 6)
    with pytest.raises(ValueError, match="units"):
        join_parts(make_mapping(), [part] * 513)


def test_pairs_are_fresh_and_of_unit_scale():
    random = np.random.default_rng(0)
    (z, w), (other, _) = draw_pairs(random, 256), draw_pairs(random, 256)
    assert not torch.equal(z, other)
    assert 0.9 < float(w.square().mean().sqrt()) < 1.1
