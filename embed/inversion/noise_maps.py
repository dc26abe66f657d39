"""Noise maps as variables of an inversion: one per layer and image, kept looking like noise.

Maps are [batch, 1, N, N] in the order of the layers. Free maps could hide the whole picture; the
regularisation of Karras et al. 2020 (appendix D) charges correlation between neighbours at every
scale, and after each step a map has mean 0 and variance 1 again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from synth.generators.stylegan2 import StyleGAN2
from synth.generators.synthesis import NoiseSource, NoisyLayer

_SMALLEST_PX = 8
_EPSILON = 1e-8


class GivenNoise(NoiseSource):
    """Hands out maps that were made before, in the order of the layers; for one forward pass."""

    def __init__(self, maps: Sequence[Tensor]) -> None:
        super().__init__("const", None, len(maps[0]))
        self._left: Iterator[Tensor] = iter(maps)

    def draw(self, layer: NoisyLayer) -> Tensor | None:
        """The next map."""
        return next(self._left)


def copy_noise_maps(generator: StyleGAN2, batch: int) -> list[Tensor]:
    """The generator's stored maps [batch, 1, N, N], each image with a copy of its own."""
    maps: list[Tensor] = []
    for size in generator.config.resolutions:
        block = generator.synthesis.block_at(size)
        layers = (block.conv1,) if size == 4 else (block.conv0, block.conv1)
        maps += [layer.noise_const.expand(batch, 1, -1, -1).clone() for layer in layers]
    return maps


def measure_correlation(maps: Sequence[Tensor]) -> Float[Tensor, " batch"]:
    """The regulariser: squared mean products with the right and lower neighbour, over all maps.

    Each map is taken at every size down to 8x8, halved by means of 2x2 times 2, which keeps the
    variance of true noise.
    """
    total = torch.zeros(len(maps[0]), device=maps[0].device)
    for noise in maps:
        level = noise
        while True:
            for axis in (2, 3):
                product = level * level.roll(1, axis)
                total = total + product.mean((1, 2, 3)).square()
            if level.shape[-1] <= _SMALLEST_PX:
                break
            level = F.avg_pool2d(level, 2) * 2
    return total


def normalize_maps(maps: Sequence[Tensor]) -> None:
    """Bring each image's maps to mean 0 and variance 1, in place."""
    for noise in maps:
        noise.sub_(noise.mean((2, 3), keepdim=True))
        noise.mul_(torch.rsqrt(noise.square().mean((2, 3), keepdim=True) + _EPSILON))
