"""The network that places 68 points: a small hourglass whose maps are read as expected places.

In: grey crops [batch, 1, 96, 96], each of mean 0 and standard deviation 1. Out: points
[batch, 68, 2] in the crop, whose sides lie at -1 and 1. With integral regression (Sun et al., 2018)

    p_k = sum over cells c of softmax(maps_k)_c * place(c)

Maps have 24x24 cells. They are made of what is seen at five sizes, so that each point knows the
rest of the face (Newell et al., 2016), in 370,000 numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from embed.faces.base import POINT_COUNT

CROP_PX = 96
#: Channels of maps with 48, 24, 12, 6 and 3 cells a side.
WIDTHS = (16, 32, 48, 64, 64)

Crops = Float[Tensor, "batch 1 96 96"]
PointBatch = Float[Tensor, "batch 68 2"]


class PointNetwork(nn.Module):
    """Crops -> points; `mean_shape` [68, 2] says how a face lies in the crop."""

    mean_shape: Tensor

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.settings = {"widths": list(widths)}
        self.stem = _convolve(1, widths[0], 5, 2)
        self.down = nn.ModuleList(
            nn.Sequential(_convolve(low, high, 3, 2), _Residual(high))
            for low, high in pairwise(widths)
        )
        self.up = nn.ModuleList(_Merge(high, low) for low, high in pairwise(widths[1:]))
        self.read = nn.Conv2d(widths[1], POINT_COUNT, 1)
        self.register_buffer("mean_shape", torch.zeros(POINT_COUNT, 2))

    def forward(self, crops: Crops) -> PointBatch:
        """Crops as `prepare_crops` makes them -> points."""
        x = self.stem(crops.contiguous(memory_format=torch.channels_last))
        seen = []
        for layer in self.down:
            x = layer(x)
            seen.append(x)
        x = seen.pop()
        for layer in reversed(self.up):
            x = layer(x, seen.pop())
        return read_places(self.read(x))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolve(channels, channels, 3, 1)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class _Merge(nn.Module):
    """Maps brought to twice their cells, beside what was seen at that size."""

    def __init__(self, high: int, low: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(high, low, 1)
        self.mix = _convolve(low, low, 3, 1)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        larger = F.interpolate(self.reduce(x), scale_factor=2.0, mode="nearest")
        return self.mix(larger + seen)


def _convolve(inputs: int, outputs: int, size: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def read_places(maps: Float[Tensor, "batch 68 rows columns"]) -> PointBatch:
    """The expected place of each map's softmax; cells fill the square from -1 to 1."""
    rows, columns = maps.shape[2:]
    shares = maps.float().flatten(2).softmax(2).view(maps.shape)
    y = (torch.arange(rows, device=maps.device) + 0.5) * (2 / rows) - 1
    x = (torch.arange(columns, device=maps.device) + 0.5) * (2 / columns) - 1
    return torch.stack([shares.sum(2) @ x, shares.sum(3) @ y], dim=2)


def prepare_crops(grey: Float[Tensor, "batch 1 rows columns"]) -> Tensor:
    """Grey crops of any range -> each of mean 0 and standard deviation 1."""
    mean = grey.mean((2, 3), keepdim=True)
    spread = grey.std((2, 3), keepdim=True)
    return (grey - mean) / spread.clamp_min(1e-3 * grey.abs().amax().clamp_min(1e-6))
