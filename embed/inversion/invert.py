"""Photo -> W+: the latents whose picture looks like the given one (thesis 2.7, 3.8, 4.2).

In: aligned pictures [batch, 3, n, n] in [-1, 1] and a generator; out: an `Inversion`. Gradients of
equations 1 and 2 flow back through the generator to latents (and noise maps), never to its weights.
Steps at low resolution come first, full resolution last; a budget of time gives the best found in
it. The same seed gives the same result on one machine, but for runs that end by the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from embed.inversion.latent_spaces import (
    FreeRows,
    LatentSpace,
    MappedLatents,
    SharedRows,
    WStatistics,
    measure_w,
)
from embed.inversion.objective import Objective, check_targets, draw_pictures
from embed.inversion.result import Inversion, Watch, join_inversions
from embed.inversion.run import InversionRun
from embed.inversion.schedule import Clock, Schedule, Stage, plan_stages
from embed.inversion.settings import InversionSettings
from embed.networks.perceptual import PerceptualLoss
from synth.devices import find_device
from synth.faces.latents import check_w_plus
from synth.generators.base import Generator
from synth.types import Images

#: None: the mean latent; latents of each target; or an encoder, pictures [batch, 3, n, n] -> W+.
Start = Tensor | Callable[[Tensor], Tensor] | None


@dataclass(frozen=True, eq=False)
class InversionAids:
    """What may come along with an inversion.

    anchor: W+ of each target that it costs to go away from, such as those of the frame before.
    statistics: `measure_w` of the generator, where it is known already.
    watch: called after each step. clock: seconds, for budgets.
    """

    anchor: Tensor | None = None
    statistics: WStatistics | None = None
    watch: Watch | None = None
    clock: Clock = time.perf_counter


def invert(
    generator: Generator,
    targets: Images,
    perceptual: PerceptualLoss,
    settings: InversionSettings = InversionSettings(),  # noqa: B008 (frozen)
    start: Start = None,
    aids: InversionAids = InversionAids(),
) -> Inversion:
    """Find the latents of each target; the best of every image is kept, never worse than its start.

    targets: in [-1, 1], any batch; their side and the generator's resolution divide one another.
    start: W+ [batch, layer, w_dim] (z [batch, z_dim] in the space z), or an encoder; None for the
        mean latent, in z for the closest of some random ones.
    Raises ValueError for targets, starts or settings that do not fit the generator. An image whose
    loss is not finite is given up, its best kept, and marked as failed if it never was.
    """
    started_s = aids.clock()
    check_targets(targets, generator)
    stages = plan_stages(generator.resolution, settings.stages)
    statistics = aids.statistics or measure_w(generator)
    aids = replace(aids, statistics=statistics)
    if settings.optimiser == "lbfgs" and len(targets) > 1:
        return _invert_one_by_one(generator, targets, perceptual, settings, start, aids)
    targets, anchor = targets.to(find_device(generator)).float(), aids.anchor
    if anchor is not None:
        anchor = _check_rows(anchor.detach().to(targets), generator, targets, "anchor")
    objective = Objective(generator, targets, perceptual, settings, statistics, anchor)
    first = _find_start(objective, settings, start, statistics, stages[0])
    limits = settings.most_steps, settings.budget_s
    schedule = Schedule(stages, *limits, aids.clock, started_s, settings.least_steps)
    space = _make_space(generator, settings, statistics)
    return InversionRun(objective, space, first, settings, schedule, aids.watch).run()


def _make_space(
    generator: Generator, settings: InversionSettings, statistics: WStatistics
) -> LatentSpace:
    if settings.space == "z":
        return MappedLatents(generator, settings.z_limit, settings.seed)
    if settings.space == "w":
        return SharedRows(statistics, generator.num_layers)
    return FreeRows(statistics)


def _find_start(
    objective: Objective,
    settings: InversionSettings,
    start: Start,
    statistics: WStatistics,
    stage: Stage,
) -> Tensor:
    """Checked W+ (or z) of every target, on the generator's device."""
    generator, targets = objective.generator, objective.targets
    batch = len(targets)
    if start is None:
        if settings.space == "z":
            return _find_closest_z(objective, settings, stage.resolution)
        return statistics.mean.expand(batch, generator.num_layers, -1).clone()
    with torch.no_grad():
        found = start if isinstance(start, Tensor) else start(targets)
    found = found.detach().to(targets.device).float()
    if settings.space == "z":
        if found.shape != (batch, generator.z_dim) or not torch.isfinite(found).all():
            raise ValueError(
                f"needs a start of finite z [{batch}, {generator.z_dim}]; got {list(found.shape)}"
            )
        return found
    return _check_rows(found, generator, targets, "start")


def _check_rows(rows: Tensor, generator: Generator, targets: Tensor, what: str) -> Tensor:
    check_w_plus(rows, generator, what)
    if len(rows) != len(targets):
        raise ValueError(f"needs {what} latents of each of {len(targets)} targets; got {len(rows)}")
    return rows


@torch.no_grad()
def _find_closest_z(objective: Objective, settings: InversionSettings, resolution: int) -> Tensor:
    """For each target the random z whose picture is closest by equation 1."""
    generator, targets = objective.generator, objective.targets
    random = torch.Generator().manual_seed(settings.seed)
    drawn = torch.randn(settings.z_candidates, generator.z_dim, generator=random)
    drawn = drawn.to(targets.device)
    losses = torch.empty(len(drawn), len(targets), device=targets.device)
    for k, z in enumerate(drawn.split(1)):
        images = draw_pictures(generator, generator.mapping(z), resolution, settings.noise)
        everyone = torch.arange(len(targets), device=targets.device)
        repeated = images.expand(len(targets), -1, -1, -1)
        perceptual, pixel = objective.compare(repeated, everyone, resolution)
        losses[k] = settings.perceptual_weight * perceptual + settings.pixel_weight * pixel
    return drawn[losses.argmin(0)].clone()


def _invert_one_by_one(
    generator: Generator,
    targets: Images,
    perceptual: PerceptualLoss,
    settings: InversionSettings,
    start: Start,
    aids: InversionAids,
) -> Inversion:
    """Each target alone; every one gets an equal part of the time that is left."""
    started_s = aids.clock()
    for what, given in (("start", start), ("anchor", aids.anchor)):
        if isinstance(given, Tensor) and len(given) != len(targets):
            raise ValueError(
                f"needs {what} latents of each of {len(targets)} targets; got {len(given)}"
            )
    parts: list[Inversion] = []
    for k in range(len(targets)):
        own = settings
        if settings.budget_s is not None:
            left_s = settings.budget_s - (aids.clock() - started_s)
            own = replace(settings, budget_s=max(1e-3, left_s / (len(targets) - k)))
        first = start[k : k + 1] if isinstance(start, Tensor) else start
        near = None if aids.anchor is None else aids.anchor[k : k + 1]
        own_aids = replace(aids, anchor=near)
        parts.append(invert(generator, targets[k : k + 1], perceptual, own, first, own_aids))
    return join_inversions(parts)
