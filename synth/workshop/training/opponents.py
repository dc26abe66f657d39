"""Critics of a run: one for each size at which pictures are looked at.

A critic sees some forty pixels at a time. At 1024x1024 the fog round an outline that the network is
not sure of is as wide as that, and no critic can tell it from a plain part; so stages beyond
256x256 can have their pictures looked at reduced, too (discriminators at several scales:
Wang et al. 2018, "High-resolution image synthesis and semantic manipulation with conditional
GANs"). Critics stay from stage to stage: it takes one of them thousands of steps to know its trade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from synth.workshop.training.crew import Crew
from synth.workshop.training.critic import Opponent
from synth.workshop.training.plans import Stage

#: {size: (generated, renders)}: pictures of that size, or parts of them.
Views = dict[int, tuple[Tensor, Tensor]]


class Opponents(dict[int, Opponent]):
    """{size: its critic}."""

    def __init__(self, device: torch.device, crew: Crew | None = None, seed: int = 0) -> None:
        """crew: who shares the critics' own training; None is one worker.

        A critic begins with weights that seed and size alone decide, so that a run that was stopped
        meets the same ones as a run that was not.
        """
        super().__init__()
        self.device, self.crew, self.seed = device, crew, seed

    def meet(self, stage: Stage) -> None:
        """Bring in the critics that the stage needs, where they are not there yet."""
        for size in stage.pulls:
            if size not in self:
                with torch.random.fork_rng():
                    torch.manual_seed(self.seed * 10_000 + size)
                    self[size] = Opponent(self.device, self.crew)

    def pull(self, stage: Stage, views: Views, count: int) -> Tensor:
        """A term of the loss whose gradient at a pixel is the stage's pull.

        Against that of the mean absolute difference of pictures with `count` values, which is 1.
        """
        total = torch.zeros((), device=self.device)
        for size, (generated, renders) in views.items():
            weight = stage.pulls[size] / count * (stage.resolution // size) ** 2
            direction = self[size].find_pull(generated, renders)
            total = total + weight * (direction * generated).sum()
        return total

    def train(self, views: Views) -> None:
        """One step of each on what it has seen."""
        for size, (generated, renders) in views.items():
            self[size].train(generated, renders)

    def state_dict(self) -> dict[int, dict]:
        """For the run's state."""
        return {size: opponent.state_dict() for size, opponent in self.items()}

    def load_state_dict(self, state: Mapping[int, dict]) -> None:
        """Take the state up."""
        for size, one in state.items():
            self[size] = Opponent(self.device, self.crew)
            self[size].load_state_dict(one)


def find_views(stage: Stage, output: Tensor, target: Tensor, window: tuple[Any, ...]) -> Views:
    """A window of the pictures as they are, and all of them reduced."""
    views = {}
    for size in stage.pulls:
        shrink = stage.resolution // size
        views[size] = (
            (output[window], target[window])
            if shrink == 1
            else (F.avg_pool2d(output, shrink), F.avg_pool2d(target, shrink))
        )
    return views


def join_views(parts: Sequence[Views]) -> Views:
    """What parts of a batch have brought, together."""
    return {
        size: (torch.cat([part[size][0] for part in parts]), torch.cat([p[size][1] for p in parts]))
        for size in parts[0]
    }
