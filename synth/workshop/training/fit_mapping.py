"""z -> w*: the mapping network learns the fixed function of the parameters by itself.

Fresh random z in every step, so nothing can be learned by heart. The quality is reported as R2
per group of parameters: how much of their variance the network's w explains.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from tqdm import trange

from synth.workshop.training.vocabulary import (
    APPEARANCE_START,
    EMOTION_SLICE,
    IDENTITY_SLICE,
    Z_DIM,
    make_embedding,
    make_target_latents,
    map_latents_to_parameters,
)
from synth.generators.mapping import MappingNetwork
from synth.workshop.training.plans import FULL_CONFIG


def make_mapping() -> MappingNetwork:
    """An untrained mapping network of the bundled generator."""
    return MappingNetwork(
        FULL_CONFIG.z_dim, 0, FULL_CONFIG.w_dim, FULL_CONFIG.mapping_layers, FULL_CONFIG.num_layers,
        FULL_CONFIG.mapping_lr_multiplier, FULL_CONFIG.mapping_last_linear,
    )  # fmt: skip


def fit_mapping(steps: int, batch: int, rate: float, seed: int) -> MappingNetwork:
    """Adam with warm-up and cosine decay on the squared distance to w*."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = make_mapping()
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, betas=(0.9, 0.99), fused=True)
    progress = trange(steps, mininterval=10)
    for step in progress:
        for group in optimizer.param_groups:
            cosine = 0.005 + 0.4975 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = rate * cosine * min(1.0, (step + 1) / 200)
        z, target = draw_pairs(random, batch)
        loss = (network(z)[:, 0] - target).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 200 == 0:
            progress.set_postfix(loss=f"{loss.item():.4f}")
    network.w_avg.copy_(measure_mean_latent(network, random))
    return network.requires_grad_(False)


def draw_pairs(random: np.random.Generator, batch: int) -> tuple[Tensor, Tensor]:
    """Fresh z [batch, 512] and their w* [batch, 512]."""
    z = random.standard_normal((batch, Z_DIM), np.float32)
    return torch.from_numpy(z), torch.from_numpy(make_target_latents(map_latents_to_parameters(z)))


@torch.no_grad()
def measure_mean_latent(network: MappingNetwork, random: np.random.Generator) -> Tensor:
    """The mean w [512] over 65536 random z: what truncation draws towards."""
    means = [network(draw_pairs(random, 4096)[0])[:, 0].mean(0) for _ in range(16)]
    return torch.stack(means).mean(0)


@torch.no_grad()
def measure_fit(network: MappingNetwork, seed: int = 1) -> dict[str, float]:
    """R2 of identity, emotion and appearance parameters on 8192 fresh z."""
    z, target = draw_pairs(np.random.default_rng(seed), 8192)
    embedding = torch.from_numpy(make_embedding())
    truth, found = target @ embedding, network(z)[:, 0] @ embedding
    missed = (found - truth).square().sum(0)
    r2 = 1 - missed / (truth - truth.mean(0)).square().sum(0)
    groups = {
        "identity": IDENTITY_SLICE,
        "emotion": EMOTION_SLICE,
        "appearance": slice(APPEARANCE_START, None),
    }
    return {name: round(float(r2[part].mean()), 4) for name, part in groups.items()}
