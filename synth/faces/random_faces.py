"""Faces that do not exist: drawn at random for a seed, mapped and truncated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from synth.devices import find_device
from synth.generators.base import ClassWeights, Generator
from synth.generators.capabilities import find_capabilities
from synth.generators.classes import lacks_classes
from synth.types import WPlus, Z


def sample_z(seeds: Sequence[int], z_dim: int) -> Z:
    """z [batch, z_dim], one standard normal row per seed in [0, 2^32).

    Seeds mean the same z as in NVIDIA's StyleGAN scripts, so the same face from the same network.
    """
    for seed in seeds:
        if not 0 <= seed < 2**32:
            raise ValueError(f"needs a seed from 0 to 2^32 - 1; got {seed}; try face.seed=0")
    rows = [np.random.RandomState(seed).randn(z_dim) for seed in seeds]
    return torch.from_numpy(np.stack(rows)).float()


def map_seeds(seeds: Sequence[int], generator: Generator, psi: float | int) -> WPlus:
    """Random faces [face, layer, w_dim] on the CPU, float32; truncation `psi` in [-2, 2].

    Of a class-conditional generator that was told no classes each seed draws one as well.
    """
    if not -2 <= psi <= 2:
        raise ValueError(f"needs a truncation psi from -2 to 2; got {psi}; try face.psi=0.7")
    with torch.no_grad():
        z = sample_z(seeds, generator.z_dim).to(find_device(generator))
        weights = _draw_classes(seeds, generator).to(z) if lacks_classes(generator) else None
        return generator.mapping(z, class_weights=weights, truncation_psi=psi).float().cpu()


def _draw_classes(seeds: Sequence[int], generator: Generator) -> ClassWeights:
    """One class for each seed [batch, classes]; not drawn from the numbers that became z."""
    count = len(find_capabilities(generator).class_names)
    chosen = [int(np.random.default_rng([seed, count]).integers(count)) for seed in seeds]
    return torch.eye(count)[chosen]
