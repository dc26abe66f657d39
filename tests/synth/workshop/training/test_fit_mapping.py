import numpy as np
import torch

from synth.workshop.training.fit_mapping import draw_pairs, fit_mapping, make_mapping, measure_fit


def test_fitting_explains_more_than_chance_and_measures_the_mean():
    torch.manual_seed(0)
    before = measure_fit(make_mapping())
    network = fit_mapping(steps=120, batch=128, rate=1e-2, seed=0)
    after = measure_fit(network)
    for group in ("identity", "emotion", "appearance"):
        assert after[group] > before[group] + 0.1
    z, _ = draw_pairs(np.random.default_rng(5), 4096)
    assert torch.allclose(network(z)[:, 0].mean(0), network.w_avg, atol=0.1)
    assert torch.equal(network(z[:2], truncation_psi=0.0)[0, 0], network.w_avg)


def test_pairs_are_fresh_and_of_unit_scale():
    random = np.random.default_rng(0)
    (z, w), (other, _) = draw_pairs(random, 256), draw_pairs(random, 256)
    assert not torch.equal(z, other)
    assert 0.9 < float(w.square().mean().sqrt()) < 1.1
