"""StyleGAN2's discriminator: residual blocks that halve the picture, then one logit.

In: images [batch, 3, resolution, resolution], nominally in [-1, 1], and class weights
[batch, c_dim] for a conditional network. Out: logits [batch, 1]. Parameter names are those of
published PyTorch checkpoints (`b64.conv0.weight`, `b4.out.bias`).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.base import ClassWeights
from synth.generators.config import StyleGAN2Config
from synth.generators.layers import EPSILON, EqualizedConvolution, EqualizedLinear
from synth.generators.mapping import MappingNetwork, MappingSettings
from synth.generators.resampling import Features, NewFeatures
from synth.types import Images

GROUP_SIZE = 4


def append_minibatch_deviation(x: Features, group_size: int = GROUP_SIZE) -> NewFeatures:
    """Add one channel that holds the mean standard deviation within groups of the batch.

    Groups are interleaved: sample i belongs to group i modulo (batch / group size). The group size
    is the largest divisor of the batch that is not above `group_size`.
    """
    batch, channels, height, width = x.shape
    size = max(n for n in range(1, min(group_size, batch) + 1) if batch % n == 0)
    groups = x.float().reshape(size, batch // size, channels, height, width)
    variance = groups.var(0, unbiased=False)
    deviation = (variance + EPSILON).sqrt().mean((1, 2, 3)).repeat(size)
    plane = deviation[:, None, None, None].expand(batch, 1, height, width)
    return torch.cat((x, plane.to(x.dtype)), 1)


class DiscriminatorBlock(nn.Module):
    """[batch, in, N, N] -> [batch, out, N/2, N/2], residual; the first block also reads RGB."""

    def __init__(
        self, channels: int, out_channels: int, img_channels: int | None, clamp: float | None
    ) -> None:
        super().__init__()
        self.fromrgb = (
            EqualizedConvolution(img_channels, channels, 1, clamp=clamp) if img_channels else None
        )
        self.conv0 = EqualizedConvolution(channels, channels, 3, clamp=clamp)
        self.conv1 = EqualizedConvolution(channels, out_channels, 3, down=True, clamp=clamp)
        self.skip = EqualizedConvolution(channels, out_channels, 1, bias=False, down=True)

    def forward(self, x: Features) -> NewFeatures:
        """Halve the resolution; variances of the two paths add up to one."""
        if self.fromrgb is not None:
            x = self.fromrgb(x)
        skip = self.skip(x, gain=math.sqrt(0.5))
        return skip + self.conv1(self.conv0(x), gain=math.sqrt(0.5))


class DiscriminatorEpilogue(nn.Module):
    """4x4 feature maps -> logits, or the projection on a class embedding."""

    def __init__(self, channels: int, embedding_dim: int, clamp: float | None) -> None:
        super().__init__()
        self.conv = EqualizedConvolution(channels + 1, channels, 3, clamp=clamp)
        self.fc = EqualizedLinear(channels * 16, channels, activated=True)
        self.out = EqualizedLinear(channels, embedding_dim or 1)

    def forward(self, x: Features, embedding: Tensor | None) -> Tensor:
        """[batch, channel, 4, 4] -> [batch, 1], in float32."""
        x = self.conv(append_minibatch_deviation(x.float()))
        x = self.out(self.fc(x.flatten(1)))
        if embedding is None:
            return x
        return (x * embedding).sum(1, keepdim=True) / math.sqrt(embedding.shape[1])


class Discriminator(nn.Module):
    """Tells real pictures from generated ones; higher logits mean 'real'.

    Set `dtype` to choose the compute type of the blocks; weights and the epilogue stay float32.
    """

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        self.config = config
        self.dtype = torch.float32
        for resolution in reversed(config.resolutions[1:]):
            first = resolution == config.resolution
            block = DiscriminatorBlock(
                config.channels_at(resolution),
                config.channels_at(resolution // 2),
                config.img_channels if first else None,
                config.conv_clamp,
            )
            self.add_module(f"b{resolution}", block)
        embedding_dim = config.channels_at(4) if config.c_dim else 0
        self.b4 = DiscriminatorEpilogue(config.channels_at(4), embedding_dim, config.conv_clamp)
        self.mapping = (
            MappingNetwork(
                MappingSettings(0, config.c_dim, embedding_dim, config.discriminator_mapping_layers)
            )
            if config.c_dim
            else None
        )

    def forward(
        self, images: Images, class_weights: ClassWeights | None = None
    ) -> Float[Tensor, "batch 1"]:
        """Images [batch, 3, resolution, resolution] -> logits [batch, 1].

        Raises ValueError for pictures of another size.
        """
        expected = (self.config.img_channels, self.config.resolution, self.config.resolution)
        if tuple(images.shape[1:]) != expected:
            raise ValueError(
                f"needs pictures of shape [batch, {', '.join(map(str, expected))}]; "
                f"got {list(images.shape)}; try resizing them to this discriminator's resolution"
            )
        x = images.to(self.dtype, memory_format=torch.channels_last)
        for resolution in reversed(self.config.resolutions[1:]):
            x = self.get_submodule(f"b{resolution}")(x)
        embedding = None
        if self.mapping is not None:
            embedding = self.mapping.map_latents(None, class_weights)
        return self.b4(x, embedding)
