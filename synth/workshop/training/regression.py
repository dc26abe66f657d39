"""The loss of a batch and its gradients, on several cores at once.

On a CPU every core takes its own part of the batch through the network and back, on one thread,
and the gradients are added: cores wait for each other once in a step instead of twice in every
operation, which matters most where others use them too. On a GPU the batch stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from synth.generators.synthesis import NoiseSource, SynthesisNetwork
from synth.learning.losses import Distance, find_picture_loss, make_focus, weigh_edges
from synth.workshop.training.batches import Reading
from synth.workshop.training.crew import Crew
from synth.workshop.training.critic import Opponent
from synth.workshop.training.patches import synthesize_patches
from synth.workshop.training.plans import Stage
from synth.workshop.training.unrolled import synthesize


@dataclass(frozen=True)
class Outcome:
    """Loss, gradients in the order of the parameters, and what the critic shall compare."""

    loss: Tensor
    gradients: list[Tensor | None]
    part: Tensor
    real: Tensor


class Regression:
    """Gradients of one synthesis network on readings."""

    def __init__(
        self,
        synthesis: SynthesisNetwork,
        perceptual: Distance | None,
        opponent: Opponent,
        crew: Crew,
    ) -> None:
        """crew: who shares a batch; on a GPU, one worker."""
        self.synthesis, self.perceptual, self.opponent = synthesis, perceptual, opponent
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
        output, target, focus = self._synthesize(stage, batch)
        loss = find_picture_loss(output, target, focus * weigh_edges(target)) * share
        y, x, side = batch.part
        window = (..., slice(y, y + side), slice(x, x + side))
        part, real = output[window], target[window]
        if stage.perceptual and self.perceptual is not None:
            loss = loss + share * stage.perceptual * self.perceptual(part, real).mean()
        if stage.adversarial:
            # As a gradient at each pixel: 1 is that of the mean absolute difference.
            pull = share * stage.adversarial / output.numel() * self.opponent.find_pull(part, real)
            loss = loss + (pull * part).sum()
        gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        return Outcome(loss.detach(), list(gradients), part.detach(), real)

    def _synthesize(self, stage: Stage, batch: Reading) -> tuple[Tensor, Tensor, Tensor]:
        focus = self._find_focus(stage.resolution)
        if batch.patches is None:
            return self._draw(batch.w_plus, stage.resolution), batch.target, focus
        scale = stage.resolution // stage.trunk
        output = synthesize_patches(
            self.synthesis, batch.w_plus, batch.patches, stage.trunk, stage.resolution
        )
        focus = focus.expand(len(batch.w_plus), -1, -1, -1)
        return output, batch.patches.cut(batch.target, scale), batch.patches.cut(focus, scale)

    def _find_focus(self, resolution: int) -> Tensor:
        if self._focus is None or self._focus.shape[-1] != resolution:
            self._focus = make_focus(resolution).to(self.parameters[0].device)
        return self._focus

    def _draw(self, w_plus: Tensor, resolution: int) -> Tensor:
        if w_plus.is_cuda:
            noise = NoiseSource("none", None, len(w_plus))
            return self.synthesis.run_blocks(w_plus, noise, None, None, 4, resolution)[1]
        return synthesize(self.synthesis, w_plus, resolution)


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
        torch.cat([outcome.part for outcome in outcomes]),
        torch.cat([outcome.real for outcome in outcomes]),
    )
