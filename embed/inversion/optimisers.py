"""Steps of Adam and of L-BFGS on variables of many images.

Adam's steps are per image: an image moves the same whether others are beside it, rest or fail.
L-BFGS shares one line search among all its variables, so it takes one image at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

BETAS = (0.9, 0.999)
EPSILON = 1e-8
HISTORY = 10
#: Of the losses, in one step of L-BFGS; most take two.
MOST_EVALUATIONS = 12


@dataclass(frozen=True, eq=False)
class Slope:
    """Losses of the active images added up, gradients of all variables (zero for the others),
    and which images to move [batch]."""

    total: float
    gradients: list[Tensor]
    moving: Bool[Tensor, " batch"]


Evaluate = Callable[[Sequence[Tensor]], Slope]


class AdamSteps:
    """Adam (Kingma and Ba 2015) with a count of steps per image."""

    def __init__(self, variables: Sequence[Tensor]) -> None:
        self._means = [torch.zeros_like(variable) for variable in variables]
        self._squares = [torch.zeros_like(variable) for variable in variables]
        self._counts = torch.zeros(len(variables[0]), device=variables[0].device)

    def step(self, variables: Sequence[Tensor], evaluate: Evaluate, rate: float) -> None:
        """One evaluation, one step of the images that move."""
        slope = evaluate(variables)
        moving = slope.moving
        self._counts[moving] += 1
        counts = self._counts[moving]
        corrections = [1 - beta**counts for beta in BETAS]
        lists = (variables, slope.gradients, self._means, self._squares)
        for variable, gradient, mean, square in zip(*lists, strict=True):
            g = gradient[moving]
            mean[moving] = mean[moving].lerp(g, 1 - BETAS[0])
            square[moving] = square[moving].lerp(g.square(), 1 - BETAS[1])
            first, second = (_shape_like(c, g) for c in corrections)
            size = (square[moving] / second).sqrt() + EPSILON
            variable[moving] = variable[moving] - rate * (mean[moving] / first) / size

    def restart(self) -> None:
        """Nothing: averages of gradients go on."""


class LbfgsSteps:
    """torch's L-BFGS with a strong Wolfe line search on the variables of a single image."""

    def __init__(self, variables: Sequence[Tensor]) -> None:
        if len(variables[0]) != 1:
            raise ValueError(
                f"needs one image at a time for lbfgs; got {len(variables[0])}; try adam"
            )
        self._x = torch.nn.Parameter(_flatten(variables))
        self.restart()

    def step(self, variables: Sequence[Tensor], evaluate: Evaluate, rate: float) -> None:
        """One search along one direction: two evaluations or more. `rate` has no say."""
        with torch.no_grad():
            self._x.copy_(_flatten(variables))

        @torch.enable_grad()
        def close() -> float:
            _unflatten(self._x.detach(), variables)
            slope = evaluate(variables)
            self._x.grad = _flatten(slope.gradients)
            return slope.total

        # torch annotates the closure as giving a tensor; a number is what it makes of it.
        self._torch.step(close)  # pyright: ignore[reportArgumentType]
        _unflatten(self._x.detach(), variables)

    def restart(self) -> None:
        """Forget the curvature."""
        self._torch = torch.optim.LBFGS(
            [self._x],
            max_iter=1,
            max_eval=MOST_EVALUATIONS,
            history_size=HISTORY,
            tolerance_grad=1e-12,
            tolerance_change=1e-15,
            line_search_fn="strong_wolfe",
        )


def _shape_like(counts: Tensor, x: Tensor) -> Float[Tensor, ...]:
    return counts.reshape(-1, *[1] * (x.ndim - 1))


def _flatten(variables: Sequence[Tensor]) -> Float[Tensor, " all"]:
    return torch.cat([variable.detach().flatten() for variable in variables])


def _unflatten(x: Tensor, variables: Sequence[Tensor]) -> None:
    for variable, part in zip(variables, x.split([v.numel() for v in variables]), strict=True):
        variable.copy_(part.view_as(variable))
