"""One inversion under way: stages, steps, looks at the final resolution, the best so far.

Losses of different resolutions cannot be compared. What counts is the loss at the last stage's
resolution: it is measured in every step of that stage and, before it, in looks without gradients,
the first of them at the start. So the best found is never worse than the start. A look also renews
the residual that makes lower resolutions agree with the final one (`embed.inversion.objective`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from embed.inversion.latent_spaces import LatentSpace
from embed.inversion.noise_maps import copy_noise_maps, normalize_maps
from embed.inversion.objective import (
    Objective,
    Terms,
    choose_stage_dtype,
    computing_in,
    draw_pictures,
)
from embed.inversion.optimisers import AdamSteps, LbfgsSteps, Slope
from embed.inversion.result import BestFound, Inversion, InversionStep, Watch
from embed.inversion.schedule import Schedule, find_rate_factor
from embed.inversion.settings import InversionSettings
from embed.networks.vgg16 import reduce_images

FIRST_LOOK_GAP = 10
#: Forward and backward of a step against a look, which is forward only; a first guess.
STEPS_PER_LOOK = 3.0


class InversionRun:
    """Everything that changes during an inversion; `run` takes it from the start to the end."""

    def __init__(
        self,
        objective: Objective,
        space: LatentSpace,
        start: Tensor,
        settings: InversionSettings,
        schedule: Schedule,
        watch: Watch | None,
    ) -> None:
        self._objective, self._space = objective, space
        self._settings, self._schedule, self._watch = settings, schedule, watch
        self._variables = space.open(start)
        self._latents = len(self._variables)
        if settings.noise == "optimised":
            self._variables += copy_noise_maps(objective.generator, len(start))
        takers = {"adam": AdamSteps, "lbfgs": LbfgsSteps}
        self._taker = takers[settings.optimiser](self._variables)
        self._best = BestFound(self._variables)
        self._stage_best = BestFound(self._variables)
        batch, self._device = len(start), start.device
        self._resting = torch.zeros(batch, dtype=torch.bool, device=self._device)
        self._failed = self._resting.clone()
        self._losses = torch.full((batch,), torch.nan, device=self._device)
        self._start_losses: Tensor | None = None
        self._curve: list[np.ndarray] = []
        self._resolutions: list[int] = []
        self._look_cost_s = 0.0
        self._counted = 0
        #: Whether the best of a lower resolution has yet to be measured at the final one.
        self._unjudged = True

    @torch.no_grad()
    def run(self) -> Inversion:
        """Steps until they, the time or the hope of improvement are used up."""
        self._open_stage(0)
        while (ended := self._find_end()) is None:
            self._take_step()
        if self._unjudged:
            self._look(self._stage_best.variables)
        return self._report(ended)

    def _find_end(self) -> str | None:
        """Why the run ends here, or None; enters the next stage when it is time."""
        schedule = self._schedule
        before_s, taken = schedule.now_s, schedule.step > self._counted
        schedule.begin_step()
        if taken:
            # All of it: the step, a look within it, and whoever watches.
            self._step_cost_s, self._counted = schedule.now_s - before_s, schedule.step
        if bool(self._failed.all()):
            return "non-finite"
        if bool((self._resting | self._failed).all()):
            if schedule.is_last_stage:
                return "plateau"
            schedule.skip_stage()
        if schedule.stage_index != self._stage_index:
            self._open_stage(schedule.stage_index)
        return schedule.find_end(self._guess_cost_s())

    def _guess_cost_s(self) -> float:
        """What the next step will take, and the look that must follow a stage before the last."""
        if self._schedule.is_last_stage:
            guess = STEPS_PER_LOOK * self._look_cost_s
            return guess if self._step_cost_s is None else self._step_cost_s
        return (self._step_cost_s or 0.0) + self._look_cost_s

    def _open_stage(self, index: int) -> None:
        """Go on from the best of the stage before, with everyone awake."""
        if index:
            for variable, best in zip(self._variables, self._stage_best.variables, strict=True):
                variable.copy_(best)
        self._stage_index = index
        stages = self._schedule.stages
        is_last = index == len(stages) - 1
        self._resolution = stages[index].resolution
        precision = self._settings.precision
        self._dtype = choose_stage_dtype(precision, is_last, self._device)
        self._last_dtype = choose_stage_dtype(precision, True, self._device)
        self._residual: Tensor | None = None
        self._step_cost_s: float | None = None
        self._stage_best.forget_losses()
        self._taker.restart()
        self._resting.fill_(False)
        self._marks = torch.full_like(self._losses, torch.inf)
        self._mark_steps = torch.full_like(self._losses, self._schedule.step)
        self._look_gap = FIRST_LOOK_GAP
        if not is_last:
            self._look(self._variables)

    def _take_step(self) -> None:
        schedule, settings = self._schedule, self._settings
        if not schedule.is_last_stage and schedule.step >= self._next_look:
            self._look(self._variables)
        self._losses.fill_(torch.nan)
        rate = settings.learning_rate * find_rate_factor(schedule.progress, settings.warm_up)
        self._taker.step(self._variables, self._evaluate, rate)
        self._space.constrain(self._variables[: self._latents])
        normalize_maps(self._variables[self._latents :])
        schedule.step += 1
        self._curve.append(self._losses.cpu().numpy().copy())
        self._resolutions.append(self._resolution)
        self._find_resting()
        if self._watch is not None:
            self._tell(self._watch)

    def _evaluate(self, variables: Sequence[Tensor]) -> Slope:
        """Losses and gradients of the images that are awake; remembers the best of them."""
        at = torch.nonzero(~(self._resting | self._failed)).flatten()
        picked = [variable[at].requires_grad_() for variable in variables]
        with torch.enable_grad(), computing_in(self._objective.generator, self._dtype):
            terms = self._measure(picked, at, self._resolution, self._residual)
            if not terms.images.requires_grad:
                raise ValueError(
                    "needs a generator that gradients pass through; got "
                    f"{type(self._objective.generator).__name__}; try the one that was loaded, "
                    "before it was accelerated"
                )
            found = torch.autograd.grad(terms.total.sum(), picked, allow_unused=True)
        self._stage_best.offer(at, terms, picked)
        self._unjudged = not self._schedule.is_last_stage
        if self._schedule.is_last_stage:
            self._judge(at, terms, picked)
        finite = torch.isfinite(terms.total)
        gradients = [torch.zeros_like(variable) for variable in variables]
        for gradient, part in zip(gradients, found, strict=True):
            if part is not None:
                gradient[at] = part
                finite = finite & torch.isfinite(part.flatten(1)).all(1)
        self._failed[at[~finite]] = True
        self._losses[at] = terms.total.detach()
        self._pictures = (at, terms.images.detach())
        moving = torch.zeros_like(self._failed)
        moving[at[finite]] = True
        return Slope(float(terms.total.detach().sum()), gradients, moving)

    def _measure(
        self, picked: Sequence[Tensor], at: Tensor, resolution: int, residual: Tensor | None
    ) -> Terms:
        w_plus = self._space.find_w_plus(picked[: self._latents])
        maps = picked[self._latents :] or None
        return self._objective.measure(w_plus, maps, at, resolution, residual)

    def _look(self, variables: Sequence[Tensor]) -> None:
        """Measure everyone at the final resolution, and what lower ones lack against it."""
        began_s = self._schedule.elapsed_s
        generator, final = self._objective.generator, self._schedule.stages[-1].resolution
        everyone = torch.arange(len(self._failed), device=self._device)
        with computing_in(generator, self._last_dtype):
            terms = self._measure(variables, everyone, final, None)
        self._judge(everyone, terms, variables)
        self._unjudged = False
        if self._resolution < final:
            w_plus = self._space.find_w_plus(variables[: self._latents])
            maps = variables[self._latents :] or None
            with computing_in(generator, self._dtype):
                noise = self._settings.noise
                low = draw_pictures(generator, w_plus, self._resolution, noise, maps)
            self._residual = reduce_images(terms.images, self._resolution) - low
            # Losses under the old residual are those of another function.
            self._stage_best.forget_losses()
            self._taker.restart()
        self._next_look = self._schedule.step + self._look_gap
        self._look_gap = min(2 * self._look_gap, self._settings.look_every)
        self._look_cost_s = self._schedule.elapsed_s - began_s

    def _judge(self, at: Tensor, terms: Terms, variables: Sequence[Tensor]) -> None:
        """Losses at the final resolution: the first are the start's, the least the result's."""
        if self._start_losses is None:
            self._start_losses = terms.total.detach().clone()
        self._best.offer(at, terms, variables)

    def _find_resting(self) -> None:
        """Whose loss has not fallen enough for `plateau_steps`."""
        step = self._schedule.step
        improved = self._losses < self._marks * (1 - self._settings.plateau_gain)
        self._marks = torch.where(improved, self._losses, self._marks)
        self._mark_steps[improved] = step
        self._resting |= step - self._mark_steps >= self._settings.plateau_steps

    def _tell(self, watch: Watch) -> None:
        at, images = self._pictures
        watch(
            InversionStep(
                step=self._schedule.step,
                progress=self._schedule.progress,
                elapsed_s=self._schedule.elapsed_s,
                resolution=self._resolution,
                losses=self._curve[-1],
                best=self._best.loss.cpu().numpy().copy(),
                images_at=at.cpu().numpy(),
                images=images,
            )
        )

    def _report(self, ended: str) -> Inversion:
        best, start = self._best, self._start_losses
        assert start is not None
        w_plus = self._space.find_w_plus(best.variables[: self._latents])
        maps = [variable.cpu() for variable in best.variables[self._latents :]]
        is_z = self._settings.space == "z"
        batch = len(start)
        return Inversion(
            w_plus=w_plus.float().cpu().contiguous(),
            losses=best.loss.cpu().numpy(),
            perceptual=best.perceptual.cpu().numpy(),
            pixel=best.pixel.cpu().numpy(),
            start_losses=start.cpu().numpy(),
            failed=~np.isfinite(best.loss.cpu().numpy()),
            curve=np.array(self._curve, dtype=np.float32).reshape(len(self._curve), batch),
            resolutions=np.array(self._resolutions, dtype=np.int64),
            seconds=self._schedule.elapsed_s,
            ended=ended,
            z=best.variables[0].cpu() if is_z else None,
            noise_maps=tuple(maps) or None,
        )
