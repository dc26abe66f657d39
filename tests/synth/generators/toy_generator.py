"""A generator of another kind: one row of W+, no noise, one picture of bands. For tests."""

from dataclasses import dataclass

import torch
from torch import nn

from synth.generators.architectures import Architecture, find_architecture, register_architecture
from synth.generators.capabilities import Capabilities
from synth.generators.sizes import read_record, write_record


@dataclass(frozen=True)
class ToyConfig:
    resolution: int = 16
    z_dim: int = 6

    def to_json(self):
        return write_record(self)

    @classmethod
    def from_json(cls, text):
        config = read_record(cls, text, "a toy configuration")
        if not 1 <= config.resolution <= 64:
            raise ValueError(f"needs 1 to 64 pixels; got {config.resolution}")
        return config


class ToyMapping(nn.Module):
    def __init__(self, z_dim):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(z_dim, z_dim))

    def forward(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return (truncation_psi * torch.tanh(z @ self.matrix))[:, None]


class ToySynthesis(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.bands = nn.Parameter(torch.randn(config.z_dim, 3, 1, config.resolution))
        self.size = config.resolution

    def forward(self, w_plus, noise_mode="const", noise_seed=None):
        picture = torch.einsum("bd,dchw->bchw", w_plus[:, 0], self.bands)
        return picture.expand(-1, -1, self.size, -1)


class ToyGenerator(nn.Module):
    architecture = "toy"
    capabilities = Capabilities(differentiable=True)
    num_layers = 1

    def __init__(self, config, name="toy", sha256=""):
        super().__init__()
        self.config, self.name, self.sha256 = config, name, sha256
        self.z_dim = self.w_dim = config.z_dim
        self.resolution = config.resolution
        self.mapping, self.synthesis = ToyMapping(config.z_dim), ToySynthesis(config)


TOY = Architecture("toy", ToyConfig.from_json, ToyGenerator)


def register_toy():
    register_architecture(TOY)
    assert find_architecture("toy") == TOY


def make_toy():
    torch.manual_seed(1)
    return ToyGenerator(ToyConfig()).eval().requires_grad_(False)
