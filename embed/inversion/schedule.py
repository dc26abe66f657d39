"""When to work at which resolution, and how fast: the plan of one inversion.

Progress runs from 0 to 1: the larger of the share of the steps and the share of the time that are
used up. A stage is a resolution of the synthesis network and the share of progress that it gets;
the last stage's resolution is the one that counts. The learning rate rises over a warm-up and
falls as a cosine.

A budget of time never decides how little is done: until `least_steps` are taken it ends nothing,
and stages then get their shares of those steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Clock = Callable[[], float]

#: In a skip generator the image summed up to this resolution is a picture already.
PICTURE_PX = 256
LAST_SHARE = 0.15


@dataclass(frozen=True)
class Stage:
    """Work at `resolution` until progress reaches `until`."""

    resolution: int
    until: float


def plan_stages(
    resolution: int, wanted: Sequence[Sequence[float | int]] | None = None
) -> tuple[Stage, ...]:
    """The stages of a generator of that resolution, from (resolution, share) pairs.

    None: 256x256 first and the full resolution for the last 15 %; at 256 and below one stage.
    Raises ValueError for resolutions that the network does not pass through, that fall, or shares
    that do not make 1.
    """
    if wanted is None:
        first = [(PICTURE_PX, 1 - LAST_SHARE)] if resolution > PICTURE_PX else []
        wanted = [*first, (resolution, LAST_SHARE if first else 1.0)]
    known = [2**k for k in range(2, resolution.bit_length())]
    sizes = [pair[0] for pair in wanted if len(pair) == 2]
    shares = [pair[1] for pair in wanted if len(pair) == 2]
    rising = all(a < b for a, b in pairwise(sizes))
    if len(sizes) < len(wanted) or not sizes or not set(sizes) <= set(known) or not rising:
        raise ValueError(
            f"needs stages as pairs (resolution, share) with resolutions rising among {known}; "
            f"got {[list(pair) for pair in wanted]}; try leaving stages out"
        )
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"needs shares of stages above 0 that sum to 1; got {shares}")
    ends = [sum(shares[: k + 1]) for k in range(len(shares))]
    ends[-1] = 1.0
    return tuple(Stage(int(size), end) for size, end in zip(sizes, ends, strict=True))


def find_rate_factor(progress: float, warm_up: float) -> float:
    """What the learning rate is multiplied with: rises over `warm_up`, then half a cosine to 0."""
    if progress < warm_up:
        # Never 0, or the first step would be lost.
        return max(progress, 0.1 * warm_up) / warm_up
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (progress - warm_up) / max(1e-9, 1 - warm_up)))


class Schedule:
    """Where an inversion stands: counts steps, reads the clock, skips what brings nothing.

    steps None: as many as the budget allows; budget_s None: as long as the steps take; least_steps
    are taken in any case, or all where there are fewer.
    """

    def __init__(
        self,
        stages: tuple[Stage, ...],
        steps: int | None,
        budget_s: float | None,
        clock: Clock,
        started_s: float,
        least_steps: int = 0,
    ) -> None:
        self.stages = stages
        self.step = 0
        self._steps, self._budget_s = steps, budget_s
        self._least = least_steps if steps is None else min(least_steps, steps)
        self._clock, self._started_s = clock, started_s
        self._skipped = 0.0
        #: Fixed when a step begins, so that a step has one stage and one learning rate.
        self.progress = 0.0
        self.now_s = 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started_s

    def begin_step(self) -> None:
        """Read the clock; `progress` and `stage_index` are those of the step to come."""
        self.now_s = self.elapsed_s
        by_steps = 0.0 if self._steps is None else self.step / self._steps
        by_time = 0.0 if self._budget_s is None else self.now_s / self._budget_s
        if self._least:
            by_time = min(by_time, self.step / self._least)
        self.progress = min(1.0, max(by_steps, by_time) + self._skipped)

    @property
    def stage_index(self) -> int:
        """The stage that progress has reached; the last one from its start on."""
        # A rounding error must not cost a step at the border of two stages.
        return sum(self.progress >= stage.until - 1e-9 for stage in self.stages[:-1])

    @property
    def is_last_stage(self) -> bool:
        """Whether the resolution that counts has been reached."""
        return self.stage_index == len(self.stages) - 1

    def skip_stage(self) -> None:
        """Go to the end of the stage: what is left of it would bring nothing."""
        self._skipped += max(0.0, self.stages[self.stage_index].until - self.progress)
        self.begin_step()

    def find_end(self, next_cost_s: float) -> str | None:
        """Why there is no further step, which would take `next_cost_s`, or None."""
        if self._steps is not None and self.step >= self._steps:
            return "steps"
        is_free = self.step >= self._least
        over = self._budget_s is not None and self.elapsed_s + next_cost_s > self._budget_s
        if over and is_free:
            return "budget"
        return "steps" if self.progress >= 1 - 1e-9 else None
