"""Layers of BigGAN-deep (Brock et al. 2019, appendix B, figure 16).

Weights are plain here: spectral normalisation is a matter of training, and published weights are
divided by their norm when they are converted. Symbols: v the conditioning [batch, z + class], t in
[0, 1] the truncation [batch]; mu_t, var_t running statistics that were taken at some truncations
and are interpolated linearly between them, so that a slow change of t changes the picture slowly.
(The published PyTorch code gives the two neighbours each other's weight; at the truncations of the
statistics, every 0.02, both agree.)
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.biggan.config import REDUCTION
from synth.generators.resampling import Features, NewFeatures

Condition = Float[Tensor, "batch condition"]
Truncation = Float[Tensor, " batch"]


class RunningStatistics(nn.Module):
    """x -> (x - mu_t) / sqrt(var_t + epsilon)."""

    running_means: Tensor
    running_vars: Tensor

    def __init__(self, channels: int, statistics: int, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.register_buffer("running_means", torch.zeros(statistics, channels))
        self.register_buffer("running_vars", torch.ones(statistics, channels))

    def forward(self, x: Features, truncation: Truncation) -> NewFeatures:
        """Normalise each sample by the statistics of its own truncation."""
        mean = self._interpolate(self.running_means, truncation)
        variance = self._interpolate(self.running_vars, truncation)
        factor = torch.rsqrt(variance + self.epsilon)
        return (x - mean[:, :, None, None]) * factor[:, :, None, None]

    def _interpolate(self, table: Tensor, truncation: Truncation) -> Tensor:
        place = truncation.clamp(0, 1) * (len(table) - 1)
        below = place.detach().floor().long().clamp_max(len(table) - 2)
        return torch.lerp(table[below], table[below + 1], (place - below)[:, None])


class ConditionalNorm(RunningStatistics):
    """Normalise, then x (1 + A v) + B v."""

    def __init__(self, channels: int, condition: int, statistics: int, epsilon: float) -> None:
        super().__init__(channels, statistics, epsilon)
        self.scale = nn.Linear(condition, channels, bias=False)
        self.offset = nn.Linear(condition, channels, bias=False)

    def forward(
        self, x: Features, truncation: Truncation, condition: Condition | None = None
    ) -> NewFeatures:
        """[batch, channel, N, N] -> the same shape."""
        x = super().forward(x, truncation)
        gain = 1 + self.scale(condition)
        return x * gain[:, :, None, None] + self.offset(condition)[:, :, None, None]


class PlainNorm(RunningStatistics):
    """Normalise, then x weight + bias."""

    def __init__(self, channels: int, statistics: int, epsilon: float) -> None:
        super().__init__(channels, statistics, epsilon)
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Features, truncation: Truncation) -> NewFeatures:
        """[batch, channel, N, N] -> the same shape."""
        x = super().forward(x, truncation)
        return x * self.weight[:, None, None] + self.bias[:, None, None]


class Block(nn.Module):
    """A residual bottleneck of four convolutions; may double the size, and drop channels.

    [batch, in, N, N] -> [batch, out, N or 2N, same]. The short cut keeps the first `out` channels.
    """

    def __init__(
        self, channels: tuple[int, int], condition: int, up: bool, statistics: int, epsilon: float
    ) -> None:
        super().__init__()
        self.up, (taken, self.given) = up, channels
        inner = taken // REDUCTION
        widths = (taken, inner, inner, inner, self.given)
        for index, kernel in enumerate((1, 3, 3, 1)):
            norm = ConditionalNorm(widths[index], condition, statistics, epsilon)
            self.add_module(f"bn_{index}", norm)
            convolution = nn.Conv2d(widths[index], widths[index + 1], kernel, padding=kernel // 2)
            self.add_module(f"conv_{index}", convolution)

    def forward(self, x: Features, truncation: Truncation, condition: Condition) -> NewFeatures:
        """Add what the convolutions say to the short cut."""
        short = x[:, : self.given]
        for index in range(4):
            x = F.relu(self.get_submodule(f"bn_{index}")(x, truncation, condition))
            if self.up and index == 1:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = self.get_submodule(f"conv_{index}")(x)
        if self.up:
            short = F.interpolate(short, scale_factor=2, mode="nearest")
        return x + short


class Attention(nn.Module):
    """The picture attends to itself (Zhang et al. 2019): x + gamma O(V softmax(Q^T K)^T).

    Keys and values are pooled to a quarter of the places.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.theta = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.phi = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.g = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.o_conv = nn.Conv2d(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Features) -> NewFeatures:
        """[batch, channel, N, N] -> the same shape."""
        queries = self.theta(x).flatten(2)
        keys = F.max_pool2d(self.phi(x), 2).flatten(2)
        values = F.max_pool2d(self.g(x), 2).flatten(2)
        shares = torch.softmax(queries.transpose(1, 2) @ keys, dim=2)
        seen = (values @ shares.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.o_conv(seen)
