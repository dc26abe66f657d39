"""The plain way to project a picture: the recipe published with StyleGAN2, in our own code.

Karras et al. 2020, appendix D: one w for all layers and all noise maps are moved by Adam for 1000
steps at full resolution against a perceptual distance at 256x256, in float32. w starts at the mean
of 10,000 and is shaken by noise that fades over three quarters of the steps; the learning rate 0.1
rises over 5 % and falls as a cosine over the last 25 %; noise maps are regularised (weight 1e5) and
normalised after each step.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from embed.inversion.noise_maps import copy_noise_maps, measure_correlation, normalize_maps
from embed.networks.perceptual import PerceptualLoss
from synth.generators.stylegan2 import StyleGAN2
from synth.generators.synthesis import GivenNoise

LEARNING_RATE, RISE, FALL = 0.1, 0.05, 0.25
SHAKE, SHAKE_UNTIL = 0.05, 0.75
NOISE_WEIGHT = 1e5
SAMPLES = 10_000


def find_plain_rate(t: float) -> float:
    """The learning rate at share `t` of the steps."""
    fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / FALL))
    return LEARNING_RATE * fall * min(1.0, t / RISE)


def project_plainly(
    generator: StyleGAN2,
    target: Tensor,
    perceptual: PerceptualLoss,
    steps: int,
    watch: Callable[[int, float], None],
    stop_after: int | None = None,
) -> tuple[Tensor, float]:
    """Project one picture [1, 3, n, n] in [-1, 1]; w [1, w_dim] and its perceptual distance.

    The schedule is that of `steps`; `stop_after` ends it sooner. `watch` gets each step's number
    and perceptual distance.
    """
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        z = torch.randn(SAMPLES, generator.z_dim, generator=random)
        samples = torch.cat([generator.mapping(part)[:, 0] for part in z.split(256)])
        mean = samples.mean(0, keepdim=True)
        deviation = float((samples - mean).square().sum(1).mean().sqrt())
        wanted = perceptual.describe(target)
    w = mean.clone().requires_grad_()
    maps = [torch.randn(x.shape, generator=random) for x in copy_noise_maps(generator, 1)]
    for noise in maps:
        noise.requires_grad_()
    adam = torch.optim.Adam([w, *maps], betas=(0.9, 0.999), lr=LEARNING_RATE)
    for step in range(min(steps, stop_after or steps)):
        t = step / steps
        adam.param_groups[0]["lr"] = find_plain_rate(t)
        shake = deviation * SHAKE * max(0.0, 1 - t / SHAKE_UNTIL) ** 2
        shaken = w + torch.randn(w.shape, generator=random) * shake
        distance = measure_plainly(generator, shaken, maps, perceptual, wanted)
        loss = distance + NOISE_WEIGHT * measure_correlation(maps).sum()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        with torch.no_grad():
            normalize_maps(maps)
        watch(step, float(distance.detach()))
    with torch.no_grad():
        return w.detach(), float(measure_plainly(generator, w, maps, perceptual, wanted))


def measure_plainly(
    generator: StyleGAN2,
    w: Tensor,
    maps: list[Tensor],
    perceptual: PerceptualLoss,
    wanted: list[Tensor],
) -> Tensor:
    """The perceptual distance of what w and noise maps draw, at full resolution."""
    rows = w[:, None].expand(-1, generator.num_layers, -1)
    resolution = generator.resolution
    images = generator.synthesis.run_blocks(rows, GivenNoise(maps), None, None, 4, resolution)[1]
    return perceptual.compare(perceptual.describe(images), wanted).sum()
