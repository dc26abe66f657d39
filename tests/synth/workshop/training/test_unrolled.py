"""The form that is trained draws what the network draws, and has its gradients."""

import pytest
import torch

from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.workshop.training.unrolled import synthesize

CONFIG = StyleGAN2Config(resolution=128, mapping_layers=1, channel_base=512, channel_max=8)


@pytest.fixture
def synthesis():
    torch.manual_seed(0)
    network = StyleGAN2(CONFIG).synthesis
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.data += 0.2 * torch.randn_like(parameter)
    return network


@pytest.mark.parametrize("stop", [16, 64, 128])
def test_pictures_and_gradients_are_the_same(synthesis, stop: int):
    w_plus = torch.randn(2, CONFIG.num_layers, CONFIG.w_dim)
    weights = torch.randn(2, 3, stop, stop)
    found = []
    for way in (
        lambda: synthesis(w_plus, "none", None, stop),
        lambda: synthesize(synthesis, w_plus, stop),
    ):
        synthesis.zero_grad()
        picture = way()
        (picture * weights).sum().backward()
        gradients = {
            name: p.grad.clone() for name, p in synthesis.named_parameters() if p.grad is not None
        }
        found.append((picture.detach(), gradients))
    (want, slopes), (got, others) = found
    assert torch.allclose(want, got, atol=1e-3 * float(want.std()))
    assert slopes.keys() == others.keys()
    for name, slope in slopes.items():
        assert torch.allclose(slope, others[name], rtol=1e-2, atol=1e-3 * float(slope.std() + 1e-6))
