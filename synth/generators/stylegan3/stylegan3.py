"""StyleGAN3, our own implementation of Karras et al. 2021 ('Alias-Free Generative Adversarial
Networks', arXiv 2106.12423), on plain torch: configurations T and R.

In: z [batch, z_dim] or W+ [batch, layer, w_dim]. Out: images [batch, 3, resolution, resolution] at
the network's own scale, nominally in [-1, 1]. The mapping network is StyleGAN2's with fewer layers.
"""

from __future__ import annotations

import torch
from torch import nn

from synth.generators.architectures import Architecture
from synth.generators.capabilities import Capabilities
from synth.generators.classes import name_classes
from synth.generators.mapping import MappingNetwork, MappingSettings
from synth.generators.stylegan3.config import StyleGAN3Config
from synth.generators.stylegan3.synthesis import AliasFreeSynthesis


class StyleGAN3(nn.Module):
    """A `synth.generators.base.Generator` that can also shift and turn what it draws.

    It draws at its own resolution only: no picture of an earlier layer is part of the last one.
    """

    architecture = "stylegan3"
    mapping: MappingNetwork
    synthesis: AliasFreeSynthesis

    def __init__(self, config: StyleGAN3Config, name: str = "stylegan3", sha256: str = "") -> None:
        super().__init__()
        self.config, self.name, self.sha256 = config, name, sha256
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
            )
        )
        self.synthesis = AliasFreeSynthesis(config)

    @property
    def capabilities(self) -> Capabilities:
        """Gradients, a transform, classes where there are some."""
        return Capabilities(
            differentiable=True,
            transform=True,
            class_names=self.config.class_names or name_classes(self.config.c_dim),
        )

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.mapping.w_avg.device


ARCHITECTURE = Architecture("stylegan3", StyleGAN3Config.from_json, StyleGAN3)
