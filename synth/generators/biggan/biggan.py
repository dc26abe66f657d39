"""BigGAN-deep, our own implementation of Brock et al. 2019 ('Large Scale GAN Training for High
Fidelity Natural Image Synthesis', arXiv 1809.11096) for inference and gradients.

How it fits the seam. Every block of BigGAN-deep is conditioned by the same vector, z beside the
embedding of its class; so w is that vector, W+ one row of it for each place that reads it (the
first feature map, then every block), and `mapping` repeats it, as a StyleGAN's does. Rows can be
mixed as styles are: coarse rows say what the thing is, late ones its colours. A mixture of classes
is a mixture of their embeddings. The network also wants to know how far z was truncated, since its
normalisation has other statistics for each truncation; that number is the last entry of w, so that
W+ alone says the whole picture, and what lies between two W+ lies between their truncations.

The seam's z is standard normal; BigGAN's is normal cut to [-2, 2], times the truncation psi in
[0, 1]. `mapping` carries the one over to the other by their quantiles, so every seed means a valid
z. In: z [batch, z_dim], shares of classes. Out: images [batch, 3, resolution, resolution] in
[-1, 1].
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synth.generators.architectures import Architecture
from synth.generators.base import ClassWeights, NoiseMode
from synth.generators.biggan.config import BigGANConfig
from synth.generators.biggan.imagenet import find_imagenet_names
from synth.generators.biggan.layers import Attention, Block, PlainNorm
from synth.generators.bounded_normal import truncate_normal
from synth.generators.capabilities import Capabilities
from synth.generators.classes import check_class_weights, name_classes
from synth.types import Images, WPlus, Z


class ClassMapping(nn.Module):
    """z and classes -> W+: (z, embedding, truncation) for every row."""

    def __init__(self, config: BigGANConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = nn.Linear(config.c_dim, config.embedding_dim, bias=False)
        #: [1, classes], taken where a call gives no class weights; see `classes.fix_classes`.
        self.fixed_weights: Tensor | None = None

    def forward(
        self,
        z: Z,
        class_weights: ClassWeights | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> WPlus:
        """z [batch, z_dim], shares [batch, classes] -> W+ [batch, layer, w_dim].

        psi from 0 to 1 scales z; a cutoff truncates only that many first rows.
        Raises ValueError for another psi, a z of another width, and weights that do not fit.
        """
        if z.ndim != 2 or z.shape[1] != self.config.z_dim:
            raise ValueError(f"needs z of shape [batch, {self.config.z_dim}]; got {list(z.shape)}")
        if not 0 <= truncation_psi <= 1:
            raise ValueError(
                f"needs a truncation psi from 0 to 1 for BigGAN; got {truncation_psi}; try 0.5"
            )
        given = self.fixed_weights if class_weights is None else class_weights
        weights = check_class_weights(given, self.config.c_dim, len(z))
        assert weights is not None  # since c_dim is at least 1
        embedded = self.embeddings(weights.to(self.embeddings.weight.device))
        bounded = truncate_normal(z.float())
        rows = [
            torch.cat([bounded * psi, embedded, torch.full_like(embedded[:, :1], psi)], 1)
            for psi in (truncation_psi, 1.0)
        ]
        count = self.config.num_layers
        cutoff = count if truncation_cutoff is None else truncation_cutoff
        return torch.stack([rows[0] if k < cutoff else rows[1] for k in range(count)], 1)


class BlockSynthesis(nn.Module):
    """W+ [batch, layer, w_dim] -> images [batch, 3, resolution, resolution]. It has no noise."""

    def __init__(self, config: BigGANConfig) -> None:
        super().__init__()
        self.config = config
        condition = config.z_dim + config.embedding_dim
        self.gen_z = nn.Linear(condition, 16 * config.channels[0])
        for index in range(config.num_layers - 1):
            block = Block(
                (config.channels[index], config.channels[index + 1]),
                condition,
                index % 2 == 1,
                config.statistics,
                config.epsilon,
            )
            self.add_module(f"block{index}", block)
        at = config.attention
        self.attention = None if at is None else Attention(config.channels[at])
        self.bn = PlainNorm(config.channels[-1], config.statistics, config.epsilon)
        self.conv_to_rgb = nn.Conv2d(config.channels[-1], 3, 3, padding=1)

    def forward(
        self, w_plus: WPlus, noise_mode: NoiseMode = "const", noise_seed: int | None = None
    ) -> Images:
        """W+ -> images in [-1, 1]. Raises ValueError for another number of rows or width.

        noise_mode, noise_seed: as all generators take them; nothing here is noisy.
        """
        expected = (self.config.num_layers, self.config.w_dim)
        if w_plus.ndim != 3 or tuple(w_plus.shape[1:]) != expected:
            raise ValueError(
                f"needs W+ of shape [batch, {expected[0]}, {expected[1]}]; "
                f"got {list(w_plus.shape)}; try latents made for this generator"
            )
        rows = w_plus.float()
        conditions, truncations = rows[:, :, :-1].unbind(1), rows[:, :, -1].unbind(1)
        x = self.gen_z(conditions[0]).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)
        for index in range(self.config.num_layers - 1):
            if index == self.config.attention and self.attention is not None:
                x = self.attention(x)
            block = self.get_submodule(f"block{index}")
            x = block(x, truncations[index + 1], conditions[index + 1])
        x = torch.relu(self.bn(x, truncations[-1]))
        return torch.tanh(self.conv_to_rgb(x))


class BigGAN(nn.Module):
    """A `synth.generators.base.Generator` of classes; see the head of this file."""

    architecture = "biggan-deep"

    def __init__(self, config: BigGANConfig, name: str = "biggan", sha256: str = "") -> None:
        super().__init__()
        self.config, self.name, self.sha256 = config, name, sha256
        self.z_dim, self.w_dim = config.z_dim, config.w_dim
        self.num_layers, self.resolution = config.num_layers, config.resolution
        self.mapping = ClassMapping(config)
        self.synthesis = BlockSynthesis(config)

    @property
    def capabilities(self) -> Capabilities:
        """Gradients and classes; those of ImageNet are things, not faces."""
        names = self.config.class_names
        if not names and self.config.vocabulary == "imagenet":
            names = find_imagenet_names()
        if len(names) != self.config.c_dim:
            names = name_classes(self.config.c_dim)
        is_imagenet = self.config.vocabulary == "imagenet"
        return Capabilities(differentiable=True, class_names=names, draws_faces=not is_imagenet)


ARCHITECTURE = Architecture("biggan-deep", BigGANConfig.from_json, BigGAN)
