"""The loss of a batch and its gradients, on several cores at once.

On a CPU every core takes its own part of the batch through the network and back, on one thread,
and the gradients are added: cores wait for each other once in a step instead of twice in every
operation, which matters most where others use them too. On a GPU the batch stays whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from synth.generators.synthesis import NoiseSource, SynthesisNetwork
from synth.learning.losses import (
    Distance,
    find_overshoot,
    find_picture_loss,
    find_range,
    make_focus,
    weigh_edges,
)
from synth.workshop.training.batches import Reading
from synth.workshop.training.crew import Crew
from synth.workshop.training.edges import split_colours
from synth.workshop.training.opponents import Opponents, Views, find_views, join_views
from synth.workshop.training.patches import synthesize_patches
from synth.workshop.training.plans import Stage
from synth.workshop.training.unrolled import synthesize

#: Of the loss that ties pictures cut at a lower resolution to the whole one, for patches. At twice
#: as much, with other rates and pulls, the last layers hardly sharpened.
SMALLER_WEIGHT = 0.25
#: Against halos, which critics leave along outlines: of how far brightness and colours leave the
#: range that the render's have within this share of the picture, in which an outline may be moved.
HALO_WEIGHT, HALO_REACH = 70.0, 1 / 64


@dataclass(frozen=True)
class Outcome:
    """Loss, gradients in the order of the parameters, and what the critics shall compare.

    views: {size: (generated, renders)}, as `Opponents` has critics.
    """

    loss: Tensor
    gradients: list[Tensor | None]
    views: Views


class Regression:
    """Gradients of one synthesis network on readings."""

    def __init__(
        self,
        synthesis: SynthesisNetwork,
        perceptual: Distance | None,
        opponents: Opponents,
        crew: Crew,
    ) -> None:
        """crew: who shares a batch; on a GPU, one worker."""
        self.synthesis, self.perceptual, self.opponents = synthesis, perceptual, opponents
        self.parameters = list(synthesis.parameters())
        self.crew = crew
        self._focus: Tensor | None = None

    def compute(self, stage: Stage, batch: Reading) -> Outcome:
        """The whole batch's loss and gradients."""
        total = len(batch.w_plus)
        parts = batch.split(self.crew.workers)
        jobs = [(stage, part, len(part.w_plus) / total) for part in parts]
        return _add_outcomes(self.crew.map(self._compute_part, jobs))

    def _compute_part(self, stage: Stage, batch: Reading, share: float) -> Outcome:
        (*smaller, output), target, focus = self._synthesize(stage, batch)
        loss = find_picture_loss(output, target, focus * weigh_edges(target)) * share
        loss = loss + share * SMALLER_WEIGHT * find_disagreement(smaller, output)
        y, x, side = batch.part
        window = (..., slice(y, y + side), slice(x, x + side))
        if stage.perceptual and self.perceptual is not None:
            distances = self.perceptual(output[window], target[window])
            loss = loss + share * stage.perceptual * distances.mean()
        if stage.pulls:
            halos = find_overshoot(split_colours(output), *find_colour_range(stage, batch))
            loss = loss + share * HALO_WEIGHT * halos
        views = find_views(stage, output, target, window)
        loss = loss + share * self.opponents.pull(stage, views, output.numel())
        gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        seen = {size: (part.detach(), real) for size, (part, real) in views.items()}
        return Outcome(loss.detach(), list(gradients), seen)

    def _synthesize(self, stage: Stage, batch: Reading) -> tuple[list[Tensor], Tensor, Tensor]:
        focus = self._find_focus(stage.resolution)
        if batch.patches is None:
            return [self._draw(batch.w_plus, stage.resolution)], batch.target, focus
        scale = stage.resolution // stage.trunk
        pictures = synthesize_patches(
            self.synthesis, batch.w_plus, batch.patches, stage.trunk, stage.resolution
        )
        focus = focus.expand(len(batch.w_plus), -1, -1, -1)
        return pictures, batch.patches.cut(batch.target, scale), batch.patches.cut(focus, scale)

    def _find_focus(self, resolution: int) -> Tensor:
        if self._focus is None or self._focus.shape[-1] != resolution:
            self._focus = make_focus(resolution).to(self.parameters[0].device)
        return self._focus

    def _draw(self, w_plus: Tensor, resolution: int) -> Tensor:
        if w_plus.is_cuda:
            noise = NoiseSource("none", None, len(w_plus))
            return self.synthesis.run_blocks(w_plus, noise, None, None, 4, resolution)[1]
        return synthesize(self.synthesis, w_plus, resolution)


def find_colour_range(stage: Stage, batch: Reading) -> tuple[Tensor, Tensor]:
    """Least and greatest brightness and colours of the renders round every pixel of what is drawn.

    Those of patches are the whole pictures' there: windows are as much wider as a range reaches.
    """
    reach = max(1, round(HALO_REACH * stage.resolution))
    if batch.patches is None:
        return find_range(split_colours(batch.target), reach)
    scale = stage.resolution // stage.trunk
    # A range may reach a quarter farther than it says.
    windows, places = batch.patches.widen(stage.trunk, math.ceil(1.25 * reach / scale))
    least, greatest = find_range(split_colours(windows.cut(batch.target, scale)), reach)
    return places.cut(least, scale), places.cut(greatest, scale)


def find_disagreement(smaller: Sequence[Tensor], whole: Tensor) -> Tensor:
    """How far pictures of lower sizes are from the whole one reduced, which stays as it is."""
    loss = whole.new_zeros(())
    for picture in smaller:
        reduced = F.adaptive_avg_pool2d(whole.detach(), picture.shape[-1])
        loss = loss + (picture - reduced).abs().mean()
    return loss


def _add_outcomes(outcomes: Sequence[Outcome]) -> Outcome:
    """In a fixed order, so that the same seed gives the same weights."""
    gradients = list(outcomes[0].gradients)
    for outcome in outcomes[1:]:
        for i, gradient in enumerate(outcome.gradients):
            if gradient is not None:
                gradients[i] = gradients[i].add_(gradient)  # pyright: ignore[reportOptionalMemberAccess]
    return Outcome(
        sum((outcome.loss for outcome in outcomes), torch.zeros(())),
        gradients,
        join_views([outcome.views for outcome in outcomes]),
    )
