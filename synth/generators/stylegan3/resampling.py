"""The filtered nonlinearity: a leaky ReLU computed at a finer rate, between two low-pass filters.

A nonlinearity makes frequencies that the sampling rate cannot hold. So the signal is upsampled,
bent, and filtered before it is sampled again (Karras et al. 2021, section 2.2 and figure 4):

    y = down( low-pass( leaky( low-pass( up(x) ) ) ) )

Positions: sample k of an axis of n samples stands at k + 1/2 of n, at every rate, and maps are cut
or grown evenly at both ends. All filters are symmetric, so convolution and correlation agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from synth.generators.resampling import Features, NewFeatures
from synth.generators.stylegan3.filters import design_radial, design_separable

SLOPE = 0.2
GAIN = math.sqrt(2)


@dataclass(frozen=True)
class Signal:
    """The band of one layer's feature maps: cutoff, half-width of the transition, rate, size."""

    cutoff: float
    half_width: float
    rate: int
    size: int


class FilteredActivation(nn.Module):
    """[batch, channel, in, in] -> [batch, channel, out, out], bent and at the next rate."""

    up_filter: Tensor
    down_filter: Tensor

    def __init__(
        self,
        source: Signal,
        target: Signal,
        taps: int,
        oversampling: int,
        radial: bool,
        clamp: float | None,
    ) -> None:
        super().__init__()
        self.target, self.clamp = target, clamp
        fine = max(source.rate, target.rate) * oversampling
        self.up, self.down = fine // source.rate, fine // target.rate
        up_taps = taps * self.up if self.up > 1 else 1
        down_taps = taps * self.down if self.down > 1 else 1
        up_filter = design_separable(up_taps, source.cutoff, source.half_width, fine)
        design = design_radial if radial and down_taps > 1 else design_separable
        down_filter = design(down_taps, target.cutoff, target.half_width, fine)
        # They follow from the sizes, so no file holds them.
        self.register_buffer("up_filter", up_filter, persistent=False)
        self.register_buffer("down_filter", down_filter, persistent=False)

    def forward(self, x: Features) -> NewFeatures:
        """Upsample, bend, downsample; all in the type of `x`."""
        # What the second filter needs at the fine rate so that the wanted samples come out.
        down_taps = self.down_filter.shape[-1]
        fine_size = (self.target.size - 1) * self.down + down_taps
        x = upsample(x, self.up_filter, self.up, fine_size)
        x = F.leaky_relu(x, SLOPE) * GAIN
        if self.clamp is not None:
            x = x.clamp(-self.clamp, self.clamp)
        return downsample(x, self.down_filter, self.down)


def upsample(x: Features, taps: Tensor, factor: int, size: int) -> NewFeatures:
    """`factor` times as many samples, smoothed; the middle `size` of them on each axis.

    Zeros are put between samples; the gain makes up for them. Where `size` reaches beyond the
    signal there are zeros.
    """
    channels, taps = x.shape[1], taps.to(x.dtype) * factor
    for axis, shape in ((2, (-1, 1)), (3, (1, -1))):
        kernel = taps.reshape(1, 1, *shape).expand(channels, -1, -1, -1)
        stride = (factor, 1) if axis == 2 else (1, factor)
        samples = x.shape[axis] * factor
        x = F.conv_transpose2d(x, kernel, stride=stride, groups=channels)
        # `before` samples stand before the middle: the signal's own and half of the filter's ends.
        before = (len(taps) - 1) - (size - samples + len(taps) - 1 + factor) // 2
        after = x.shape[axis] - before - size
        cut = (-before, -after)
        x = F.pad(x, (0, 0, *cut) if axis == 2 else cut)
    return x


def downsample(x: Features, taps: Tensor, factor: int) -> NewFeatures:
    """Every `factor`-th sample of the smoothed signal, where the filter lies within it."""
    channels, taps = x.shape[1], taps.to(x.dtype)
    if taps.ndim == 2:
        kernel = taps.expand(channels, 1, -1, -1)
        return F.conv2d(x, kernel, stride=factor, groups=channels)
    if len(taps) == 1 and factor == 1:
        return x
    column = taps.reshape(1, 1, -1, 1).expand(channels, -1, -1, -1)
    x = F.conv2d(x, column, stride=(factor, 1), groups=channels)
    row = column.transpose(2, 3)
    return F.conv2d(x, row, stride=(1, factor), groups=channels)
