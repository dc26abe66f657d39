"""Noise maps as variables of an inversion: one per layer and image, kept looking like noise.

Maps are [batch, 1, N, N] in the order of the layers. Free maps could hide the whole picture; the
regularisation of Karras et al. 2020 (appendix D) charges correlation between neighbours at every
scale, and after each step a map has mean 0 and variance 1 again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities

_SMALLEST_PX = 8
_EPSILON = 1e-8


def copy_noise_maps(generator: Generator, batch: int) -> list[Tensor]:
    """The generator's stored maps [batch, 1, N, N], each image with a copy of its own.

    Raises ValueError for a generator without noise maps.
    """
    if not find_capabilities(generator).noise_maps:
        raise ValueError(
            f"needs a generator with noise maps for noise=optimised; got "
            f"{type(generator).__name__}; try noise=const"
        )
    return cast(Any, generator).copy_noise_maps(batch)


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
