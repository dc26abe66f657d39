"""Small networks of parameters, and how they are put side by side into a mapping network.

A part reads some of z's coordinates and gives some parameters. All its layers but the last have the
activation a(x) = sqrt(2) leaky_relu(x); weights here are those that are applied, without equalised
rates. A value v is carried through a layer unchanged as v + CARRY, which stays above zero, where
the activation is linear.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import ndtri
from torch import Tensor

from synth.generators.bundled_parameters import (
    NUM_PARAMETERS,
    make_rotation,
    make_target_latents,
    map_latents_to_parameters,
)
from synth.generators.layers import ACTIVATION_GAIN, SLOPE, EqualizedLinear, activate
from synth.generators.mapping import MappingNetwork
from synth.workshop.training.parameter_blocks import Joint, Single, place_latents

#: Farther from zero than any standardised value comes.
CARRY = 8.0
HINGES = 3
#: No more hinges than it takes to leave this share of a parameter's variance.
ENOUGH = 5e-4
#: Quantiles of N(0, 1): where functions of one direction are looked at, and hinges may be.
_GRID = ndtri((np.arange(1024) + 0.5) / 1024)
_KNOTS = np.linspace(-2.8, 2.8, 57)


@dataclass(frozen=True)
class Part:
    """A small network: weights [out, in] and biases [out] per layer, the last one linear.

    coordinates: what it reads; parameters: what it gives.
    """

    coordinates: list[int]
    parameters: list[int]
    weights: list[Tensor]
    biases: list[Tensor]


@dataclass(frozen=True)
class JointFit:
    """How the network of a joint block is trained: Adam with warm-up and cosine decay."""

    steps: int = 5000
    batch: int = 512
    rate: float = 2e-2
    width: int = 80


def fit_single(block: Single, depth: int) -> Part:
    """Least squares on a few hinges along one direction, chosen one by one; the rest carries."""
    u = _GRID[:, None] * block.direction
    truth = map_latents_to_parameters(place_latents(u))[:, block.parameter].astype(np.float64)
    middle, scale = truth.mean(), max(float(truth.std()), 1e-6)
    knots, gains, offset = _fit_hinges((truth - middle) / scale)
    coordinates = np.flatnonzero(block.direction)
    first = np.tile(block.direction[coordinates], (len(knots), 1))
    weights = [first, gains[None] / ACTIVATION_GAIN]
    biases = [-knots, np.array([(offset + CARRY) / ACTIVATION_GAIN])]
    for _ in range(depth - 3):
        weights.append(np.array([[1 / ACTIVATION_GAIN]]))
        biases.append(np.zeros(1))
    weights.append(np.array([[scale]]))
    biases.append(np.array([middle - scale * CARRY]))
    tensors = [[torch.tensor(x, dtype=torch.float32) for x in xs] for xs in (weights, biases)]
    return Part(coordinates.tolist(), [block.parameter], *tensors)


def _fit_hinges(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Values on the grid -> knots and gains [hinge] and offset of the best sum of hinges."""
    candidates = _bend(_GRID[:, None] - _KNOTS)
    design, chosen = np.ones((len(_GRID), 1)), []
    found = np.zeros(0)
    for _ in range(HINGES):
        if len(found) and np.square(design @ found - truth).mean() < ENOUGH:
            break
        trials = []
        for column in candidates.T:
            tried = np.concatenate([design, column[:, None]], 1)
            gains = np.linalg.solve(
                tried.T @ tried + 1e-6 * np.eye(tried.shape[1]), tried.T @ truth
            )
            trials.append((float(np.square(tried @ gains - truth).sum()), gains))
        best = int(np.argmin([missed for missed, _ in trials]))
        chosen.append(best)
        found = trials[best][1]
        design = np.concatenate([design, candidates[:, [best]]], 1)
    return _KNOTS[chosen], found[1:], float(found[0])


def _bend(x: np.ndarray) -> np.ndarray:
    """The activation of layers."""
    return np.where(x > 0, x, SLOPE * x) * ACTIVATION_GAIN


def fit_joint(block: Joint, plan: JointFit, depth: int, seed: int) -> Part:
    """A small dense network, trained on fresh coordinates."""
    chance = torch.Generator().manual_seed(seed * 1_000_003 + block.parameters[0])
    draw = _make_draws(block, chance)
    truth = draw(4 * plan.batch)[1]
    middle, scale = truth.mean(0), truth.std(0).clamp_min(1e-6)
    sizes = [len(block.coordinates), *[plan.width] * (depth - 1), len(block.parameters)]
    raw = [torch.randn(o, i, generator=chance) for i, o in itertools.pairwise(sizes)]
    biases = [torch.zeros(o) for o in sizes[1:]]
    # Bends everywhere, not through zero only.
    biases[0] = 0.7 * torch.randn(plan.width, generator=chance)
    learned = [tensor.requires_grad_() for tensor in (*raw, *biases)]
    optimizer = torch.optim.Adam(learned, betas=(0.9, 0.99), fused=True)
    for step in range(plan.steps):
        cosine = 0.005 + 0.4975 * (1 + math.cos(math.pi * step / plan.steps))
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * cosine * min(1.0, (step + 1) / 100)
        u, truth = draw(plan.batch)
        found = _run(u, [w / math.sqrt(w.shape[1]) for w in raw], biases)
        loss = (found - (truth - middle) / scale).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    weights = [(w / math.sqrt(w.shape[1])).detach() for w in raw]
    offsets = [b.detach() for b in biases]
    weights[-1], offsets[-1] = weights[-1] * scale[:, None], offsets[-1] * scale + middle
    return Part(block.coordinates, block.parameters, weights, offsets)


def _make_draws(block: Joint, chance: torch.Generator) -> Callable[[int], tuple[Tensor, Tensor]]:
    count = make_rotation().shape[1]

    def draw(batch: int) -> tuple[Tensor, Tensor]:
        """Random coordinates of the block [batch, n], and its parameters there."""
        u = torch.zeros(batch, count, dtype=torch.float64)
        u[:, block.coordinates] = torch.randn(
            batch, len(block.coordinates), generator=chance, dtype=torch.float64
        )
        truth = map_latents_to_parameters(place_latents(u.numpy()))[:, block.parameters]
        return u[:, block.coordinates].float(), torch.from_numpy(truth)

    return draw


def _run(x: Tensor, weights: list[Tensor], biases: list[Tensor]) -> Tensor:
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = activate(F.linear(x, weight, bias))
    return F.linear(x, weights[-1], biases[-1])


@torch.no_grad()
def join_parts(network: MappingNetwork, parts: list[Part]) -> None:
    """Write parts into the layers of a mapping network, all else being zero.

    Raises ValueError when they need more units than a layer has.
    """
    rotation = torch.from_numpy(np.array(make_rotation(), np.float32))
    depth = network.depth
    before: list[slice] = []
    for index in range(depth - 1):
        weight, bias = (torch.zeros_like(x) for x in _layer_at(network, index))
        units, start = [], 0
        for place, part in enumerate(parts):
            found = part.weights[index]
            rows = slice(start, start + len(found))
            start = rows.stop
            if start > len(weight):
                raise ValueError(
                    f"needs at most {len(weight)} units in a layer of the mapping network; the "
                    f"parameters take more; try fewer than {HINGES} hinges or a narrower JointFit"
                )
            if index:
                weight[rows, before[place]] = found
            else:
                weight[rows] = found @ rotation[:, part.coordinates].T
            bias[rows] = part.biases[index]
            units.append(rows)
        _set_layer(network, index, weight, bias)
        before = units
    readout, offset = torch.zeros(NUM_PARAMETERS, network.w_dim), torch.zeros(NUM_PARAMETERS)
    for part, rows in zip(parts, before, strict=True):
        readout[part.parameters, rows] = part.weights[-1]
        offset[part.parameters] = part.biases[-1]
    base = torch.from_numpy(make_target_latents(np.zeros((1, NUM_PARAMETERS), np.float32)))[0]
    units_w = torch.from_numpy(make_target_latents(np.eye(NUM_PARAMETERS, dtype=np.float32))) - base
    _set_layer(network, depth - 1, units_w.T @ readout, units_w.T @ offset + base)


def _layer_at(network: MappingNetwork, index: int) -> tuple[Tensor, Tensor]:
    layer = cast(EqualizedLinear, network.get_submodule(f"fc{index}"))
    return layer.weight, layer.bias


def _set_layer(network: MappingNetwork, index: int, weight: Tensor, bias: Tensor) -> None:
    layer = cast(EqualizedLinear, network.get_submodule(f"fc{index}"))
    layer.weight.copy_(weight / layer.weight_gain)
    layer.bias.copy_(bias / layer.bias_gain)
