"""Pivotal tuning (Roich et al. 2021): bend the generator a little, so that it draws this photo.

In: a generator, pictures and the latents found for them (the pivots). The synthesis network, a
copy, is trained to draw the pictures at the pivots, and elsewhere to draw what it drew before: at
latents between a pivot and a random one, new and old pictures are compared (locality). Out: the
tuned copy. The difference is kept as a small file (`embed.inversion.tuning_file`). The generator
that was given never changes.

The paper places the locality latents at a fixed distance from the pivot in w; here it is a share of
the way to the random latent, which means the same for every generator. As an inversion does, tuning
works at 256x256 first and at full resolution at the end.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from embed.inversion.objective import check_targets
from embed.inversion.schedule import Clock, Schedule, find_rate_factor, plan_stages
from embed.inversion.settings import LEAST_STEPS
from embed.networks.perceptual import PerceptualLoss
from embed.networks.vgg16 import reduce_images
from synth.devices import find_device
from synth.faces.latents import check_w_plus
from synth.generators.capabilities import TrainableGenerator
from synth.types import Images, WPlus

#: Other faces are looked at every second step: they cost as much as the pivots.
LOCALITY_EVERY = 2
#: What a step is taken to cost before there was one: forward and back, at pivots and elsewhere.
LOOKS_A_STEP = 6
#: Share of progress over which the learning rate rises.
WARM_UP = 0.05


@dataclass(frozen=True)
class TuningSettings:
    """Steps and weights of `tune_generator`.

    steps, budget_s: whichever ends first, but for `least_steps`.
    learning_rate: of Adam on the synthesis network, after a
        warm-up and before a cosine decay; the paper holds 3e-4, which suits NVIDIA's generators.
    stages: pairs (resolution, share) as of an inversion (`embed.inversion.schedule.plan_stages`).
    pixel_weight: of the mean square beside the perceptual distance. locality_weight: of the same
    two at the latent between; locality_share: how far towards the random latent that is.
    good_enough: the perceptual distance at which to stop, looked at in the last stage.
    Raises ValueError naming the setting that makes no sense.
    """

    steps: int = 150
    budget_s: float | int | None = None
    least_steps: int = LEAST_STEPS
    learning_rate: float | int = 2e-3
    stages: Sequence[Sequence[float | int]] | None = None
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
        for name in ("least_steps", "pixel_weight", "locality_weight", "good_enough"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"needs {name} of at least 0; got {getattr(self, name)}")
        if not 0 < self.locality_share <= 1:
            raise ValueError(f"needs locality_share above 0, up to 1; got {self.locality_share}")


@dataclass(frozen=True, eq=False)
class Tuning:
    """A tuned copy, frozen, and the mean loss at the pivots before each step and at the end.

    losses: the first and the last are of full resolution, those between of their stage's. steps:
        how many were taken. ended: 'steps', 'budget', 'non-finite', or 'good enough'.
    generator: keeps name and sha256 of the one it came from, with ' (tuned)' after the name, since
        directions and latents of that one still belong to it.
    """

    generator: TrainableGenerator
    losses: Float[np.ndarray, " measurement"]
    steps: int
    seconds: float | int
    ended: str = "steps"


@dataclass(frozen=True, eq=False)
class Pivots:
    """W+ [picture, layer, w_dim] and the pictures [picture, 3, n, n] in [-1, 1] that they shall
    become."""

    w_plus: WPlus
    targets: Float[Tensor, "picture 3 height width"]


TuningWatch = Callable[[int, float], None]


def tune_generator(
    generator: TrainableGenerator,
    pivots: Pivots,
    perceptual: PerceptualLoss,
    settings: TuningSettings = TuningSettings(),
    watch: TuningWatch | None = None,
    clock: Clock = time.perf_counter,
) -> Tuning:
    """Train a copy of the synthesis network around the pivots.

    watch: called with the step's number and its loss at the pivots. When the loss ends higher than
    it began, or is not finite, the copy comes back as it was.
    Raises ValueError for pictures or latents that do not fit the generator or each other.
    """
    started_s = clock()
    w_plus, targets = pivots.w_plus, pivots.targets
    check_targets(targets, generator)
    check_w_plus(w_plus, generator, "pivots")
    if len(w_plus) != len(targets):
        raise ValueError(f"needs a pivot for each of {len(targets)} targets; got {len(w_plus)}")
    stages = plan_stages(generator.resolution, settings.stages)
    device = find_device(generator)
    job = _Job(generator, w_plus.detach().to(device).float(), targets, perceptual, settings)
    began_s = clock()
    losses = [job.look()]
    look_s = clock() - began_s
    limits = settings.steps, settings.budget_s
    schedule = Schedule(stages, *limits, clock, started_s, settings.least_steps)
    dearest_s: dict[int, float] = {}
    is_good, ended = False, None
    while math.isfinite(losses[-1]) and not is_good:
        schedule.begin_step()
        stage = schedule.stage_index
        guess_s = LOOKS_A_STEP * look_s if schedule.is_last_stage else 0.0
        # After the last step there is a look still to come.
        if ended := schedule.find_end(dearest_s.get(stage, guess_s) + look_s):
            break
        began_s = clock()
        loss, closeness = job.compare_pivots(stages[stage].resolution)
        if schedule.step:
            losses.append(float(loss.detach()))
        if watch is not None:
            watch(schedule.step, losses[-1])
        is_good = schedule.is_last_stage and closeness < settings.good_enough
        if not is_good:
            job.move(loss, schedule)
            schedule.step += 1
            dearest_s[stage] = max(dearest_s.get(stage, 0.0), clock() - began_s)
    if schedule.step and not is_good:
        losses.append(job.look())
    if not losses[-1] <= losses[0]:
        job.tuned.load_state_dict(generator.state_dict())
    job.tuned.synthesis.requires_grad_(False)
    for parameter in job.tuned.parameters():
        parameter.grad = None
    ended = ended or ("good enough" if is_good else "non-finite")
    return Tuning(job.tuned, np.array(losses), schedule.step, clock() - started_s, ended)


class _Job:
    """The copy that is tuned, what it shall draw, and its optimiser."""

    def __init__(
        self,
        generator: TrainableGenerator,
        pivots: WPlus,
        targets: Tensor,
        perceptual: PerceptualLoss,
        settings: TuningSettings,
    ) -> None:
        self.generator, self.tuned = generator, copy_generator(generator)
        self.tuned.synthesis.requires_grad_(True)
        self._adam = torch.optim.Adam(self.tuned.synthesis.parameters())
        self._pivots, self._targets = pivots, targets.to(pivots.device).float()
        self._perceptual, self._settings = perceptual, settings
        self._random = torch.Generator().manual_seed(settings.seed)
        self._wanted: dict[int, Wanted] = {}

    @torch.no_grad()
    def look(self) -> float:
        """The loss at the pivots at full resolution."""
        return float(self.compare_pivots(self.generator.resolution)[0])

    def compare_pivots(self, resolution: int) -> tuple[Tensor, float]:
        """Mean loss of the copy's pictures at the pivots, and the perceptual distance alone."""
        if resolution not in self._wanted:
            pictures = reduce_images(self._targets, resolution)
            self._wanted[resolution] = Wanted(self._perceptual, pictures)
        drawn = self.tuned.synthesis(self._pivots, resolution=resolution)
        return _compare(self._wanted[resolution], drawn, self._settings)

    def move(self, loss: Tensor, schedule: Schedule) -> None:
        """One step down the loss and, every second time, the drift, which then counts twice."""
        self._adam.zero_grad(set_to_none=True)
        loss.backward()
        if self._settings.locality_weight and schedule.step % LOCALITY_EVERY == 0:
            # On its own, so that the graph of the pivots is gone before this one is built.
            resolution = schedule.stages[schedule.stage_index].resolution
            weight = LOCALITY_EVERY * self._settings.locality_weight
            (weight * self._measure_drift(resolution)).backward()
        factor = find_rate_factor(schedule.progress, WARM_UP)
        for group in self._adam.param_groups:
            group["lr"] = self._settings.learning_rate * factor
        self._adam.step()

    def _measure_drift(self, resolution: int) -> Tensor:
        """How far new pictures are from old ones at latents between pivots and random ones."""
        z = torch.randn(len(self._pivots), self.generator.z_dim, generator=self._random)
        with torch.no_grad():
            random = self.generator.mapping(z.to(self._pivots.device))
            between = self._pivots.lerp(random, self._settings.locality_share)
            drawn = self.generator.synthesis(between, resolution=resolution)
            before = Wanted(self._perceptual, drawn)
        drawn = self.tuned.synthesis(between, resolution=resolution)
        return _compare(before, drawn, self._settings)[0]


def copy_generator(generator: TrainableGenerator) -> TrainableGenerator:
    """The same network with weights of its own, its name followed by ' (tuned)'."""
    tuned: Any = copy.deepcopy(generator)
    tuned.eval().requires_grad_(False)
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
