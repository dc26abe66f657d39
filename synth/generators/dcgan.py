"""DCGAN (Radford et al. 2016, arXiv 1511.06434): a generator of small pictures, and its critic.

In: z [batch, z_dim]. Out: images [batch, 3, resolution, resolution] in [-1, 1]. There is no style:
W+ is one row, z itself, times the truncation. The generator projects z to a small map and doubles
it by transposed 4x4 convolutions, with batch normalisation and ReLU between; the critic goes the
other way with leaky ReLUs. Grey networks have one channel within and show it three times.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.architectures import Architecture
from synth.generators.base import ClassWeights, NoiseMode
from synth.generators.capabilities import Capabilities
from synth.generators.classes import check_class_weights
from synth.generators.sizes import check_limits, read_record, write_record
from synth.types import Images, WPlus, Z

SLOPE = 0.2
#: Weights begin normal, with this deviation (section 4 of the paper).
DEVIATION = 0.02
MOST_DOUBLINGS = 8
LARGEST_FIRST_PX = 16


@dataclass(frozen=True)
class DCGANConfig:
    """Sizes of a DCGAN: `first_px` doubled `doublings` times; 7 twice is 28, 4 four times is 64.

    channels: of the last map but the picture; each map before has twice as many.
    Raises ValueError for sizes that make no network.
    """

    first_px: int = 4
    doublings: int = 4
    z_dim: int = 100
    channels: int = 64
    grey: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.first_px <= LARGEST_FIRST_PX and 1 <= self.doublings <= MOST_DOUBLINGS):
            raise ValueError(
                f"needs a first map of 1 to {LARGEST_FIRST_PX} pixels and 1 to {MOST_DOUBLINGS} "
                f"doublings; got {self.first_px} and {self.doublings}"
            )
        if self.z_dim < 1 or self.channels < 1:
            raise ValueError(
                f"needs z and channels of 1 or more; got {self.z_dim}, {self.channels}"
            )

    @classmethod
    def of_size(
        cls, resolution: int, z_dim: int = 100, channels: int = 64, grey: bool = False
    ) -> DCGANConfig:
        """The sizes for pictures of that many pixels. Raises ValueError for one that none fits."""
        for first_px in (4, 7, 5, 6):
            factor = resolution // first_px
            if factor * first_px == resolution and factor >= 2 and factor & (factor - 1) == 0:
                return cls(first_px, factor.bit_length() - 1, z_dim, channels, grey)
        raise ValueError(f"needs 4, 5, 6 or 7 pixels doubled; got {resolution}; try 28 or 64")

    @property
    def resolution(self) -> int:
        """Height and width of a picture."""
        return self.first_px << self.doublings

    @property
    def colours(self) -> int:
        """Channels of a picture within the network."""
        return 1 if self.grey else 3

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from the first map on, the picture's at last."""
        maps = tuple(self.channels << k for k in reversed(range(self.doublings)))
        return (*maps, self.colours)

    def to_json(self) -> str:
        """A JSON object that `from_json` reads back to an equal record."""
        return write_record(self)

    @classmethod
    def from_json(cls, text: str) -> DCGANConfig:
        """Read `to_json`'s text. Raises ValueError when it is no such record."""
        config = read_record(cls, text, "a DCGAN configuration")
        check_limits(1, config.resolution, 0)
        return config


class BatchNorm(nn.Module):
    """Batch normalisation that keeps nothing but numbers that count for pictures."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.weight = nn.Parameter(1 + DEVIATION * torch.randn(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """By the batch's own statistics while training, by the running ones otherwise."""
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
        )


class PlainMapping(nn.Module):
    """z -> one row: z times the truncation."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        self.z_dim = config.z_dim

    def forward(
        self,
        z: Z,
        class_weights: ClassWeights | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> WPlus:
        """z [batch, z_dim] -> [batch, 1, z_dim]. Raises ValueError for another width."""
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"needs z of shape [batch, {self.z_dim}]; got {list(z.shape)}")
        check_class_weights(class_weights, 0, len(z))
        psi = 1.0 if truncation_cutoff == 0 else truncation_psi
        return (z.float() * psi)[:, None]


class DeconvolutionSynthesis(nn.Module):
    """[batch, 1, z_dim] -> images [batch, 3, resolution, resolution]. It has no noise."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.project = nn.Linear(config.z_dim, widths[0] * config.first_px**2, bias=False)
        for index in range(config.doublings):
            self.add_module(f"norm{index}", BatchNorm(widths[index]))
            last = index == config.doublings - 1
            up = nn.ConvTranspose2d(widths[index], widths[index + 1], 4, 2, 1, bias=last)
            nn.init.normal_(up.weight, std=DEVIATION)
            self.add_module(f"up{index}", up)
        nn.init.normal_(self.project.weight, std=DEVIATION)

    def forward(
        self, w_plus: WPlus, noise_mode: NoiseMode = "const", noise_seed: int | None = None
    ) -> Images:
        """W+ -> images in [-1, 1]. Raises ValueError for another number of rows or width.

        noise_mode, noise_seed: as all generators take them; nothing here is noisy.
        """
        if w_plus.ndim != 3 or tuple(w_plus.shape[1:]) != (1, self.config.z_dim):
            raise ValueError(
                f"needs W+ of shape [batch, 1, {self.config.z_dim}]; got {list(w_plus.shape)}"
            )
        first = self.config.first_px
        x = self.project(w_plus[:, 0].float()).unflatten(1, (-1, first, first))
        for index in range(self.config.doublings):
            x = torch.relu(self.get_submodule(f"norm{index}")(x))
            x = self.get_submodule(f"up{index}")(x)
        return torch.tanh(x).expand(-1, 3, -1, -1)


class DCGAN(nn.Module):
    """A `synth.generators.base.Generator` of one row. A new network has random weights."""

    architecture = "dcgan"
    capabilities = Capabilities(differentiable=True)
    num_layers = 1

    def __init__(self, config: DCGANConfig, name: str = "dcgan", sha256: str = "") -> None:
        super().__init__()
        self.config, self.name, self.sha256 = config, name, sha256
        self.z_dim = self.w_dim = config.z_dim
        self.resolution = config.resolution
        self.mapping = PlainMapping(config)
        self.synthesis = DeconvolutionSynthesis(config)


class DCGANCritic(nn.Module):
    """Images [batch, 3, resolution, resolution] -> logits [batch, 1]; higher means 'real'."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths[::-1]
        for index in range(config.doublings):
            down = nn.Conv2d(widths[index], widths[index + 1], 4, 2, 1, bias=index == 0)
            nn.init.normal_(down.weight, std=DEVIATION)
            self.add_module(f"down{index}", down)
            if index:
                self.add_module(f"norm{index}", BatchNorm(widths[index + 1]))
        self.judge = nn.Linear(widths[-1] * config.first_px**2, 1)
        nn.init.normal_(self.judge.weight, std=DEVIATION)

    def forward(self, images: Images) -> Float[Tensor, "batch 1"]:
        """Raises ValueError for pictures of another size."""
        expected = (3, self.config.resolution, self.config.resolution)
        if tuple(images.shape[1:]) != expected:
            raise ValueError(
                f"needs pictures of shape [batch, {', '.join(map(str, expected))}]; "
                f"got {list(images.shape)}; try resizing them"
            )
        x = images.mean(1, keepdim=True) if self.config.grey else images
        for index in range(self.config.doublings):
            x = self.get_submodule(f"down{index}")(x)
            if index:
                x = self.get_submodule(f"norm{index}")(x)
            x = F.leaky_relu(x, SLOPE)
        return self.judge(x.flatten(1))


ARCHITECTURE = Architecture("dcgan", DCGANConfig.from_json, DCGAN, DCGANCritic)
