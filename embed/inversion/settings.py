"""All that can be chosen about an inversion, in one frozen record; see `embed.inversion.invert`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CHOICES = {
    "space": ("w_plus", "w", "z"),
    "optimiser": ("adam", "lbfgs"),
    "noise": ("const", "none", "optimised"),
    "precision": ("auto", "fp32", "bf16"),
}

#: Steps that a budget cannot take away: about half of the quality, on any computer.
LEAST_STEPS = 40
#: How many steps an inversion takes that has neither steps nor a budget.
DEFAULT_STEPS = 300


@dataclass(frozen=True)
class InversionSettings:
    """Settings of `embed.inversion.invert.invert`; the defaults suit photos of faces.

    steps: at most this many; None for 300, or for as many as the budget allows.
    budget_s: seconds for everything; the best found by then counts. Runs that end by the clock
        are not the same twice. None: no limit.
    least_steps: so many are taken however long they take (all, where there are fewer).
    space: 'w_plus' a row per layer, 'w' one row for all, 'z' through the mapping network with
        stochastic clipping to [-z_limit, z_limit] (thesis 2.7.1).
    learning_rate: of Adam, in standard deviations of w along its principal axes; warm_up is the
        share of progress over which it rises.
    stages: pairs (resolution, share), see `embed.inversion.schedule.plan_stages`.
    perceptual_weight, pixel_weight: equation 1; the pixel term is the mean square over [-1, 1].
    distance_weight: what the mean squared distance to the mean latent costs, 1 being that of a
        random face; row_weight: the same for the spread of W+ rows about their mean. Larger ones
        make results easier to edit and less alike.
    anchor_weight: of the mean squared distance to latents that are given as an anchor, in the same
        measure, so that frames of a video stay close to the one before.
    noise: 'const' the generator's own maps, 'none', or 'optimised' with noise_weight times the
        regularisation of Karras et al. 2020.
    plateau_steps, plateau_gain: an image rests until the next stage when its loss has not fallen
        by that share over so many steps.
    look_every: steps between looks at the final resolution while working at a lower one.
    precision: of the feature maps; 'auto' takes bf16, where the processor has it, for all stages
        but the last.
    z_candidates: random z, of which the closest is the start in 'z'.
    Raises ValueError naming the setting that makes no sense.
    """

    steps: int | None = None
    budget_s: float | int | None = None
    least_steps: int = LEAST_STEPS
    space: str = "w_plus"
    optimiser: str = "adam"
    learning_rate: float | int = 0.05
    warm_up: float | int = 0.05
    stages: Sequence[Sequence[float | int]] | None = None
    perceptual_weight: float | int = 1.0
    pixel_weight: float | int = 1.0
    distance_weight: float | int = 1e-3
    row_weight: float | int = 1e-3
    anchor_weight: float | int = 0.01
    noise: str = "const"
    noise_weight: float | int = 1e5
    plateau_steps: int = 100
    plateau_gain: float | int = 1e-3
    look_every: int = 50
    precision: str = "auto"
    z_limit: float | int = 2.0
    z_candidates: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"needs {name} among {', '.join(known)}; got {getattr(self, name)!r}"
                )
        for name in ("steps", "plateau_steps", "look_every", "z_candidates"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"needs {name} of at least 1; got {value}")
        for name in ("learning_rate", "z_limit", "budget_s"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"needs {name} above 0; got {value}")
        for name in (
            "least_steps",
            "perceptual_weight",
            "pixel_weight",
            "distance_weight",
            "row_weight",
            "anchor_weight",
            "noise_weight",
            "plateau_gain",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"needs {name} of at least 0; got {value}")
        if not self.perceptual_weight + self.pixel_weight:
            raise ValueError("needs perceptual_weight or pixel_weight above 0; got 0 and 0")
        if not 0 <= self.warm_up < 1:
            raise ValueError(f"needs warm_up from 0 to below 1; got {self.warm_up}")

    @property
    def most_steps(self) -> int | None:
        """The limit on steps; None where the budget is the only one."""
        if self.steps is not None:
            return self.steps
        return DEFAULT_STEPS if self.budget_s is None else None
