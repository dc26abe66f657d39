"""Pivotal tuning (Roich et al. 2021): bend the generator a little, so that it draws this photo.

In: a generator, pictures and the latents found for them (the pivots). The synthesis network, a
copy, is trained to draw the pictures at the pivots, and elsewhere to draw what it drew before: at
latents between a pivot and a random one, new and old pictures are compared (locality). Out: the
tuned copy. The difference is kept as a small file (`embed.inversion.tuning_file`). The generator
that was given never changes.

The paper places the locality latents at a fixed distance from the pivot in w; here it is a share of
the way to the random latent, which means the same for every generator.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from embed.inversion.objective import check_targets
from embed.inversion.schedule import Clock
from embed.networks.perceptual import PerceptualLoss
from embed.networks.vgg16 import reduce_images
from synth.generators.stylegan2 import StyleGAN2
from synth.latents import check_w_plus, find_device
from synth.types import Images, WPlus


@dataclass(frozen=True)
class TuningSettings:
    """Steps and weights of `tune_generator`; the paper's learning rate and locality weight.

    steps, budget_s: whichever ends first. learning_rate: of Adam on the synthesis network.
    pixel_weight: of the mean square beside the perceptual distance. locality_weight: of the same
    two at the latent between; locality_share: how far towards the random latent that is.
    good_enough: the perceptual distance at which to stop.
    Raises ValueError naming the setting that makes no sense.
    """

    steps: int = 150
    budget_s: float | int | None = None
    learning_rate: float | int = 3e-4
    pixel_weight: float | int = 1.0
    locality_weight: float | int = 0.1
    locality_share: float | int = 0.5
    good_enough: float | int = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"needs steps of at least 1; got {self.steps}")
        for name in ("learning_rate", "budget_s"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"needs {name} above 0; got {value}")
        for name in ("pixel_weight", "locality_weight", "good_enough"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"needs {name} of at least 0; got {getattr(self, name)}")
        if not 0 < self.locality_share <= 1:
            raise ValueError(f"needs locality_share above 0, up to 1; got {self.locality_share}")


@dataclass(frozen=True, eq=False)
class Tuning:
    """A tuned copy, frozen, and the mean loss at the pivots before each step and at the end.

    generator: keeps name and sha256 of the one it came from, with ' (tuned)' after the name, since
        directions and latents of that one still belong to it.
    """

    generator: StyleGAN2
    losses: Float[np.ndarray, " measurement"]
    seconds: float | int


TuningWatch = Callable[[int, float], None]


def tune_generator(
    generator: StyleGAN2,
    w_plus: WPlus,
    targets: Float[Tensor, "picture 3 height width"],
    perceptual: PerceptualLoss,
    settings: TuningSettings = TuningSettings(),
    watch: TuningWatch | None = None,
    clock: Clock = time.perf_counter,
) -> Tuning:
    """Train a copy of the synthesis network around the pivots `w_plus` of `targets` in [-1, 1].

    watch: called with the step's number and its loss at the pivots. When the loss ends higher than
    it began, or is not finite, the copy comes back as it was.
    Raises ValueError for pictures or latents that do not fit the generator or each other.
    """
    started_s = clock()
    check_targets(targets, generator)
    check_w_plus(w_plus, generator, "pivots")
    if len(w_plus) != len(targets):
        raise ValueError(f"needs a pivot for each of {len(targets)} targets; got {len(w_plus)}")
    device = find_device(generator)
    pivots, targets = w_plus.detach().to(device).float(), targets.to(device).float()
    tuned = copy_generator(generator)
    tuned.synthesis.requires_grad_(True)
    adam = torch.optim.Adam(tuned.synthesis.parameters(), lr=settings.learning_rate)
    random = torch.Generator().manual_seed(settings.seed)
    pictures = Wanted(perceptual, reduce_images(targets, generator.resolution))
    losses: list[float] = []
    step_s = 0.0
    for step in range(settings.steps + 1):
        began_s = clock()
        loss, closeness = _compare(pictures, tuned.synthesis(pivots), settings)
        losses.append(float(loss.detach()))
        if watch is not None:
            watch(step, losses[-1])
        spent_s = began_s - started_s + step_s
        late = settings.budget_s is not None and spent_s > settings.budget_s
        done = step == settings.steps or late or closeness < settings.good_enough
        if done or not math.isfinite(losses[-1]):
            break
        adam.zero_grad(set_to_none=True)
        loss.backward()
        if settings.locality_weight:
            # On its own, so that the graph of the pivots is gone before this one is built.
            drift = _measure_drift(generator, tuned, pivots, perceptual, settings, random)
            (settings.locality_weight * drift).backward()
        adam.step()
        step_s = clock() - began_s
    if not losses[-1] <= losses[0]:
        tuned.load_state_dict(generator.state_dict())
    tuned.synthesis.requires_grad_(False)
    for parameter in tuned.parameters():
        parameter.grad = None
    return Tuning(tuned, np.array(losses), clock() - started_s)


def copy_generator(generator: StyleGAN2) -> StyleGAN2:
    """The same network with weights of its own, its name followed by ' (tuned)'."""
    tuned = copy.deepcopy(generator).eval().requires_grad_(False)
    tuned.name = f"{generator.name} (tuned)"
    return tuned


class Wanted:
    """Pictures to be drawn, and what the perceptual loss sees in them."""

    def __init__(self, perceptual: PerceptualLoss, pictures: Images) -> None:
        self.perceptual, self.pictures = perceptual, pictures
        with torch.no_grad():
            self.features = perceptual.describe(pictures)


def _compare(wanted: Wanted, ours: Tensor, settings: TuningSettings) -> tuple[Tensor, float]:
    """Mean loss of pairs of pictures, and the mean perceptual distance alone."""
    ours = reduce_images(ours, wanted.pictures.shape[-1])
    features = wanted.perceptual.describe(ours)
    distance = wanted.perceptual.compare(features, wanted.features).mean()
    loss = distance + settings.pixel_weight * (ours - wanted.pictures).square().mean()
    return loss, float(distance.detach())


def _measure_drift(
    generator: StyleGAN2,
    tuned: StyleGAN2,
    pivots: Tensor,
    perceptual: PerceptualLoss,
    settings: TuningSettings,
    random: torch.Generator,
) -> Tensor:
    """How far new pictures are from old ones at latents between the pivots and random ones."""
    z = torch.randn(len(pivots), generator.z_dim, generator=random).to(pivots.device)
    with torch.no_grad():
        between = pivots.lerp(generator.mapping(z), settings.locality_share)
        before = Wanted(perceptual, generator.synthesis(between))
    return _compare(before, tuned.synthesis(between), settings)[0]
