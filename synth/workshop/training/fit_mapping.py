"""z -> w*: the mapping network is fitted to the fixed function of the parameters, block by block.

w* is linear in the parameters, and each parameter depends on few of z's coordinates
(`parameter_blocks`). So the network is put together of small ones that stand side by side in its
layers and see nothing of each other: a parameter that is a function of one direction becomes a sum
of up to three hinges in the first layer, found by least squares, and is then carried to the last
one; shares that depend on several coordinates get a small network of their own, trained with Adam
on fresh random coordinates. The result is an ordinary dense mapping network. R2 by group of
parameters, how much of their variance the network's w explains, tells how good it is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from synth.generators.bundled_parameters import (
    APPEARANCE_START,
    EMOTION_SLICE,
    IDENTITY_SLICE,
    Z_DIM,
    make_embedding,
    make_target_latents,
    map_latents_to_parameters,
)
from synth.generators.mapping import MappingNetwork, MappingSettings
from synth.storage.atomic import write_atomically
from synth.workshop.training.mapping_parts import JointFit, Part, fit_joint, fit_single, join_parts
from synth.workshop.training.parameter_blocks import find_blocks
from synth.workshop.training.plans import FULL_CONFIG


def make_mapping() -> MappingNetwork:
    """An untrained mapping network of the bundled generator."""
    return MappingNetwork(
        MappingSettings(
            FULL_CONFIG.z_dim,
            0,
            FULL_CONFIG.w_dim,
            FULL_CONFIG.mapping_layers,
            FULL_CONFIG.num_layers,
            FULL_CONFIG.mapping_lr_multiplier,
            FULL_CONFIG.mapping_last_linear,
        )
    )


def fit_mapping(plan: JointFit, seed: int) -> MappingNetwork:
    """The fitted network, its mean latent measured.

    Raises ValueError when the vocabulary's blocks need more units than a layer has.
    """
    singles, joint = find_blocks(seed)
    parts: list[Part] = [fit_single(block, FULL_CONFIG.mapping_layers) for block in singles]
    parts += [fit_joint(block, plan, FULL_CONFIG.mapping_layers, seed) for block in joint]
    network = make_mapping()
    join_parts(network, parts)
    network.w_avg.copy_(measure_mean_latent(network, np.random.default_rng([seed, 1])))
    return network.requires_grad_(False)


def draw_pairs(random: np.random.Generator, batch: int) -> tuple[Tensor, Tensor]:
    """Fresh z [batch, 512] and their w* [batch, 512]."""
    z = random.standard_normal((batch, Z_DIM), np.float32)
    return torch.from_numpy(z), torch.from_numpy(make_target_latents(map_latents_to_parameters(z)))


@torch.no_grad()
def measure_mean_latent(network: MappingNetwork, random: np.random.Generator) -> Tensor:
    """The mean w [512] over 65536 random z: what truncation draws towards."""
    means = []
    for _ in range(16):
        z = torch.from_numpy(random.standard_normal((4096, Z_DIM), np.float32))
        means.append(network.map_latents(z).mean(0))
    return torch.stack(means).mean(0)


@torch.no_grad()
def measure_fit(network: MappingNetwork, seed: int = 1) -> dict[str, float]:
    """R2 of identity, emotion and appearance parameters on 8192 fresh z."""
    z, target = draw_pairs(np.random.default_rng(seed), 8192)
    embedding = torch.from_numpy(make_embedding())
    truth, found = target @ embedding, network.map_latents(z) @ embedding
    missed = (found - truth).square().sum(0)
    r2 = 1 - missed / (truth - truth.mean(0)).square().sum(0)
    groups = {
        "identity": IDENTITY_SLICE,
        "emotion": EMOTION_SLICE,
        "appearance": slice(APPEARANCE_START, None),
    }
    return {name: round(float(r2[part].mean()), 4) for name, part in groups.items()}


def save_mapping(path: Path, network: MappingNetwork, fit: dict[str, float]) -> None:
    """Write the network; its R2 go into the file's header, and from there into cards."""
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    header = {f"mapping_r2_{group}": f"{r2:.4f}" for group, r2 in fit.items()}
    with write_atomically(path) as temporary:
        save_file(tensors, temporary, header)
