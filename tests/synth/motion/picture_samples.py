"""A generator whose latents are known, a projector that knows them, and a critic; for tests."""

import torch
from torch import nn

from synth.generators.capabilities import Capabilities
from synth.motion.pictures.pictures_motion import PicturesMotion

SIZE, WIDTH = 16, 6


class LinearSynthesis(nn.Module):
    def __init__(self):
        super().__init__()
        self.pictures = nn.Parameter(torch.randn(WIDTH, 3, SIZE, SIZE) / 8)

    def forward(self, w_plus, noise_mode="const", noise_seed=None):
        return torch.einsum("bd,dchw->bchw", w_plus[:, 0], self.pictures)


class LinearMapping(nn.Module):
    def forward(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return truncation_psi * z[:, None]


class LinearGenerator(nn.Module):
    """Pictures are sums: the latent of a picture is known."""

    capabilities = Capabilities(differentiable=True)
    num_layers, z_dim, w_dim, resolution = 1, WIDTH, WIDTH, SIZE
    name, sha256 = "linear", "1" * 64

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.mapping, self.synthesis = LinearMapping(), LinearSynthesis()


class Known:
    """A PictureProjector that knows the latents already."""

    def __init__(self, w_plus):
        self.w_plus, self.checked = w_plus, []

    def check(self, paths, report=print):
        self.checked += list(paths)

    def project(self, paths, generator, report=print):
        return self.w_plus


class Brightness(nn.Module):
    """A critic that likes light pictures, up to a point."""

    def forward(self, pictures):
        return -(pictures - 0.5).square().mean((1, 2, 3))[:, None]


def latents(count, seed=0):
    return torch.randn(count, 1, WIDTH, generator=torch.Generator().manual_seed(seed))


def make_motion(w_plus, **settings):
    paths = [f"{k}.png" for k in range(len(w_plus))]
    return PicturesMotion(paths, Known(w_plus), **settings)
