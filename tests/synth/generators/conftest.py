"""A small StyleGAN2 for the tests of its faster forms."""

import pytest
import torch
from stylegan2_samples import SMALL_CONFIG

from synth.generators.stylegan2 import StyleGAN2


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    torch.manual_seed(2)
    generator = StyleGAN2(SMALL_CONFIG, name="small", sha256="abc")
    for name, parameter in generator.named_parameters():
        if name.endswith(("noise_strength", "bias")):
            parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return generator.requires_grad_(False)
