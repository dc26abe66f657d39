"""StyleGAN2's resampling: the binomial low-pass filter [1, 3, 3, 1] around factors of two.

Tensors are [batch, channel, height, width] of any floating type. The filter is separable: along an
axis it is one weighted sum of shifted slices, exact and differentiable, which a compiler fuses into
the layer around it. The large maps of upsampling layers take a depthwise convolution on a CPU.
See Karras et al., 'Analyzing and Improving the Image Quality of StyleGAN', appendix B.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Features = Float[Tensor, "batch channel height width"]
#: What a layer returns: other channels, another size than what it got.
NewFeatures = Float[Tensor, "batch new_channel new_height new_width"]


def filter_axis(x: Tensor, axis: int, gain: float = 1.0) -> Tensor:
    """Correlate one axis with [1, 3, 3, 1] / 8 x gain; the axis gets three entries shorter."""
    length = x.shape[axis] - 3
    first, second, third, fourth = (x.narrow(axis, start, length) for start in range(4))
    return (second + third) * (0.375 * gain) + (first + fourth) * (0.125 * gain)


def smooth_transposed(x: Features) -> NewFeatures:
    """Finish an upsampling transposed convolution: [.., 2N+1, 2N+1] -> [.., 2N, 2N].

    The gain of two per axis makes up for the zeros that the transposed convolution put in.
    """
    if x.device.type == "cpu":
        return cast(Tensor, DepthwiseLowPass.apply(x))
    return filter_axis(filter_axis(F.pad(x, (1, 1, 1, 1)), 2, gain=2.0), 3, gain=2.0)


class DepthwiseLowPass(torch.autograd.Function):
    """`smooth_transposed` as one depthwise convolution, the fastest way on a CPU.

    The filter is symmetric, so its gradient is the same filter with more padding: a forward
    convolution, many times faster there than a depthwise convolution's own backward.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """[.., N+1, N+1] -> [.., N, N]: one zero on each side."""
        return filter_depthwise(x, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """[.., N, N] -> [.., N+1, N+1]: two zeros on each side."""
        return filter_depthwise(gradients[0], 2)


def filter_depthwise(x: Tensor, padding: int) -> Tensor:
    """Correlate both axes with [1, 3, 3, 1] / 4, with `padding` zeros on each side."""
    kernel = make_low_pass(x.shape[1], x.dtype, x.device)
    return F.conv2d(x, kernel, padding=padding, groups=x.shape[1])


def make_low_pass(channels: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A depthwise kernel [channel, 1, 4, 4] of [1, 3, 3, 1] / 4 along both axes, exact."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25], dtype=dtype, device=device)
    return torch.outer(taps, taps).expand(channels, 1, 4, 4).contiguous()


def upsample_axis(x: Tensor, axis: int) -> Tensor:
    """Double one axis: zeros in between, then the filter with gain two.

    Of the four taps two meet zeros, so that each new entry is a mean of two neighbours, weighted
    3 : 1 towards the nearer; beyond the border there are zeros.
    """
    length = x.shape[axis]
    before, after = [0] * (2 * x.ndim), [0] * (2 * x.ndim)
    before[2 * (x.ndim - 1 - axis)] = 1
    after[2 * (x.ndim - 1 - axis) + 1] = 1
    previous = F.pad(x, before).narrow(axis, 0, length)
    following = F.pad(x, after).narrow(axis, 1, length)
    even = x * 0.75 + previous * 0.25
    odd = x * 0.75 + following * 0.25
    return torch.stack((even, odd), axis + 1).flatten(axis, axis + 1)


def upsample(x: Features) -> NewFeatures:
    """[.., N, N] -> [.., 2N, 2N], smooth, zeros beyond the border (the RGB skip path)."""
    return upsample_axis(upsample_axis(x, 2), 3)


def smooth_padded(x: Features, padding: int) -> NewFeatures:
    """Low-pass with `padding` zeros on each side: [.., N, N] -> [.., N + 2 padding - 3, ..]."""
    return filter_axis(filter_axis(F.pad(x, (padding,) * 4), 2), 3)


def downsample(x: Features) -> NewFeatures:
    """[.., N, N] -> [.., N/2, N/2]: low-pass, then every second entry (the skip of a resnet)."""
    return smooth_padded(x, 1)[:, :, ::2, ::2]
