"""A tiny generator with random weights, pictures of its own and a perceptual loss, for tests."""

import torch

from embed.inversion.settings import InversionSettings
from embed.networks.perceptual import FaceLoss
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.judging.perceptual import PerceptualNetwork

FAST = InversionSettings(steps=40, precision="fp32", plateau_steps=1000, least_steps=0)
TINY = StyleGAN2Config(
    resolution=64, z_dim=16, w_dim=16, mapping_layers=2, channel_base=512, channel_max=16
)


def make_tiny_generator(noise_strength: float = 0.02) -> StyleGAN2:
    """64x64; w varies as in a trained network, pictures lie within [-1, 1]."""
    torch.manual_seed(3)
    generator = StyleGAN2(TINY, name="tiny", sha256="a" * 64)
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(noise_strength)
            if "torgb.weight" in name:
                parameter.mul_(0.15)
    return generator.eval().requires_grad_(False)


def make_loss() -> FaceLoss:
    torch.manual_seed(0)
    return FaceLoss(PerceptualNetwork((8, 8, 16), 5).eval().requires_grad_(False))


@torch.no_grad()
def draw_own_pictures(generator: StyleGAN2, count: int, seed: int = 5) -> torch.Tensor:
    """Pictures [count, 3, 64, 64] of random z."""
    z = torch.randn(count, generator.z_dim, generator=torch.Generator().manual_seed(seed))
    return generator.synthesis(generator.mapping(z)).clamp(-2, 2)


class FakeClock:
    """Tells a time that goes on by `tick_s` whenever it is asked."""

    def __init__(self, tick_s: float) -> None:
        self.now_s, self.tick_s = 0.0, tick_s

    def __call__(self) -> float:
        self.now_s += self.tick_s
        return self.now_s
