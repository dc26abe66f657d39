"""StyleGAN2, our own implementation of Karras et al. 2020 ('Analyzing and Improving the Image
Quality of StyleGAN'): a mapping network and a synthesis network that work from published weights.

In: z [batch, z_dim] or W+ [batch, layer, w_dim]. Out: images [batch, 3, resolution, resolution] at
the network's own scale, nominally in [-1, 1]. Parameter names are those of published PyTorch
checkpoints (`mapping.fc0.weight`, `synthesis.b8.conv0.affine.bias`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synth.generators.accelerated_stylegan2 import accelerate_stylegan2
from synth.generators.architectures import Architecture
from synth.generators.capabilities import Capabilities
from synth.generators.classes import name_classes
from synth.generators.config import StyleGAN2Config
from synth.generators.discriminator import Discriminator
from synth.generators.mapping import MappingNetwork, MappingSettings
from synth.generators.synthesis import SynthesisNetwork

__all__ = ["Discriminator", "StyleGAN2", "StyleGAN2Config"]

COMPUTE_TYPES = (torch.float32, torch.bfloat16, torch.float16)


class StyleGAN2(nn.Module):
    """A `synth.generators.base.Generator`: call `mapping(z)` and `synthesis(w_plus)`.

    A new network has random weights, as at the start of a training. Set `dtype` to choose the type
    in which synthesis computes.
    """

    architecture = "stylegan2"
    mapping: MappingNetwork
    synthesis: SynthesisNetwork

    def __init__(self, config: StyleGAN2Config, name: str = "stylegan2", sha256: str = "") -> None:
        super().__init__()
        self.config = config
        self.name = name
        self.sha256 = sha256
        self.z_dim, self.w_dim = config.z_dim, config.w_dim
        self.num_layers, self.resolution = config.num_layers, config.resolution
        self.mapping = MappingNetwork(
            MappingSettings(
                config.z_dim,
                config.c_dim,
                config.w_dim,
                config.mapping_layers,
                config.num_layers,
                config.mapping_lr_multiplier,
                config.mapping_last_linear,
            )
        )
        self.synthesis = SynthesisNetwork(config)

    @property
    def capabilities(self) -> Capabilities:
        """Everything that a generator can have."""
        return Capabilities(
            differentiable=True,
            resolutions=self.config.resolutions,
            noise_maps=True,
            compute_types=COMPUTE_TYPES,
            class_names=self.config.class_names or name_classes(self.config.c_dim),
            accelerate=accelerate_stylegan2,
        )

    def count_rows(self, resolution: int) -> int:
        """Rows of W+ that a picture summed up to that resolution depends on."""
        return 2 * sum(size <= resolution for size in self.config.resolutions)

    def copy_noise_maps(self, batch: int) -> list[Tensor]:
        """The stored noise maps [batch, 1, N, N], each sample with a copy of its own."""
        maps: list[Tensor] = []
        for size in self.config.resolutions:
            block = self.synthesis.block_at(size)
            layers = (block.conv1,) if size == 4 else (block.conv0, block.conv1)
            maps += [layer.noise_const.expand(batch, 1, -1, -1).clone() for layer in layers]
        return maps

    @property
    def dtype(self) -> torch.dtype:
        """The type of feature maps in synthesis; parameters stay float32."""
        return self.synthesis.dtype

    @dtype.setter
    def dtype(self, dtype: torch.dtype) -> None:
        if dtype not in COMPUTE_TYPES:
            raise ValueError(f"needs a dtype among {list(COMPUTE_TYPES)}; got {dtype}")
        self.synthesis.dtype = dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.mapping.w_avg.device


ARCHITECTURE = Architecture("stylegan2", StyleGAN2Config.from_json, StyleGAN2, Discriminator)
