"""Where an inversion moves: variables, one set per image, and the W+ that they stand for.

Symbols: m the mean of w, A its principal axes [w_dim, axis], s the standard deviation along each
(a little more for the smallest). In W and W+ variables are coordinates v with

    w = m + A (s * v),

so that a random face has coordinates of about N(0, 1) and one learning rate suits all directions
and all generators; |v|^2 is the distance to the mean face that an editable latent keeps small.
In z they are z itself, kept bounded by stochastic clipping (Lipton and Tripathi 2017, thesis
2.7.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from synth.devices import find_device
from synth.generators.base import Generator
from synth.types import WPlus, Z

#: Directions in which w hardly varies count as if they varied by this share of the mean deviation.
LEAST_SPREAD = 0.2
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class WStatistics:
    """m [w_dim], A [w_dim, axis] and s [axis] of a generator's w, float32 on its device."""

    mean: Float[Tensor, " w_dim"]
    axes: Float[Tensor, "w_dim axis"]
    spreads: Float[Tensor, " axis"]

    def find_rows(self, coordinates: Float[Tensor, "batch row axis"]) -> Float[Tensor, ...]:
        """v -> w [batch, row, w_dim]."""
        return self.mean + (coordinates * self.spreads) @ self.axes.t()

    def find_coordinates(self, rows: Float[Tensor, "batch row w_dim"]) -> Float[Tensor, ...]:
        """w -> v [batch, row, axis]."""
        return ((rows - self.mean) @ self.axes) / self.spreads


def measure_w(generator: Generator, samples: int = 4096, seed: int = 0) -> WStatistics:
    """Mean, axes and spreads of w over random z.

    Raises ValueError for fewer than 2 samples, and when all of them give one w.
    """
    if samples < 2:
        raise ValueError(f"needs 2 samples or more; got {samples}")
    random = torch.Generator().manual_seed(seed)
    z = torch.randn(samples, generator.z_dim, generator=random).to(find_device(generator))
    with torch.no_grad():
        rows = [generator.mapping(part)[:, 0] for part in z.split(_CHUNK)]
        w = torch.cat(rows).double()
        mean = w.mean(0)
        covariance = (w - mean).t() @ (w - mean) / (samples - 1)
        variances, axes = torch.linalg.eigh(covariance)
    deviation = float(variances.mean().clamp_min(0).sqrt())
    if not deviation > 0:
        raise ValueError(
            f"needs a mapping network that tells z apart; got one w for all, in {generator.name}"
        )
    spreads = variances.clamp_min((LEAST_SPREAD * deviation) ** 2).sqrt()
    return WStatistics(mean.float(), axes.float(), spreads.float())


@runtime_checkable
class LatentSpace(Protocol):
    """Variables [batch, ...] that stand for W+; images never share any."""

    def open(self, start: Tensor) -> list[Tensor]:
        """The variables of a start: W+ [batch, layer, w_dim], or z for the space of z."""
        ...

    def find_w_plus(self, variables: Sequence[Tensor]) -> WPlus:
        """The W+ of (some images') variables, differentiable."""
        ...

    def constrain(self, variables: Sequence[Tensor]) -> None:
        """Bring the variables back to where they may be, in place, after a step."""
        ...


class SharedRows:
    """W: one row of w for all layers."""

    def __init__(self, statistics: WStatistics, num_layers: int) -> None:
        self._statistics, self._num_layers = statistics, num_layers

    def open(self, start: WPlus) -> list[Tensor]:
        """The mean of the start's rows."""
        return [self._statistics.find_coordinates(start).mean(1, keepdim=True)]

    def find_w_plus(self, variables: Sequence[Tensor]) -> WPlus:
        """The row, repeated."""
        rows = self._statistics.find_rows(variables[0])
        return rows.expand(-1, self._num_layers, -1)

    def constrain(self, variables: Sequence[Tensor]) -> None:
        """Nothing to do."""


class FreeRows:
    """W+: what all rows share, plus what each has of its own.

    The shared part moves rows that a lower resolution does not reach yet.
    """

    def __init__(self, statistics: WStatistics) -> None:
        self._statistics = statistics

    def open(self, start: WPlus) -> list[Tensor]:
        """The mean over rows [batch, 1, axis], and the differences [batch, layer, axis]."""
        coordinates = self._statistics.find_coordinates(start)
        shared = coordinates.mean(1, keepdim=True)
        return [shared, coordinates - shared]

    def find_w_plus(self, variables: Sequence[Tensor]) -> WPlus:
        """Both added up."""
        return self._statistics.find_rows(variables[0] + variables[1])

    def constrain(self, variables: Sequence[Tensor]) -> None:
        """Nothing to do."""


class MappedLatents:
    """z, through the mapping network; components that leave [-limit, limit] are drawn again.

    z is brought back to the length that random z have first: mapping networks normalise it, so
    that steps would only make it longer and longer.
    """

    def __init__(self, generator: Generator, limit: float | int, seed: int) -> None:
        self._generator, self._limit = generator, float(limit)
        self._random = torch.Generator().manual_seed(seed)

    def open(self, start: Z) -> list[Tensor]:
        """z itself, cut to the limit. Raises ValueError for another width."""
        if start.shape[1] != self._generator.z_dim:
            raise ValueError(
                f"needs a start of z [batch, {self._generator.z_dim}]; got {list(start.shape)}"
            )
        return [start.clamp(-self._limit, self._limit)]

    def find_w_plus(self, variables: Sequence[Tensor]) -> WPlus:
        """The mapping of z, not truncated."""
        return self._generator.mapping(variables[0])

    def constrain(self, variables: Sequence[Tensor]) -> None:
        """Stochastic clipping: uniform draws in place of what lies outside."""
        z = variables[0]
        length = z.square().mean(1, keepdim=True).sqrt()
        z.div_(length.clamp_min(1.0))
        drawn = torch.rand(z.shape, generator=self._random) * 2 - 1
        outside = z.abs() > self._limit
        z.copy_(torch.where(outside, (drawn * self._limit).to(z), z))
