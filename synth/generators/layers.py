"""Layers of StyleGAN2 with equalised learning rates.

Weights are stored raw, about N(0, 1), and scaled at run time, as published networks store them.
Symbols: s a style per input channel [batch, in]; W the shared kernel [out, in, k, k]; d the
demodulation factor per output channel [batch, out]. A modulated convolution is computed as

    y = d * conv(W, s * x),    d = 1 / sqrt(sum_in,k (W s)^2 + 1e-8),

which equals convolving each sample with a kernel of its own (Karras et al. 2020, equations 1-3)
but needs a single shared kernel for the batch.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.resampling import (
    Features,
    NewFeatures,
    downsample,
    smooth_padded,
    smooth_transposed,
)

SLOPE = 0.2
#: Keeps the variance of a leaky ReLU's output near that of its input.
ACTIVATION_GAIN = math.sqrt(2)
EPSILON = 1e-8


def activate(x: Tensor, gain: float = ACTIVATION_GAIN) -> Tensor:
    """Leaky ReLU with the network's slope and gain."""
    return F.leaky_relu(x, SLOPE) * gain


def clamp_optionally(x: Tensor, limit: float | None) -> Tensor:
    """Values cut to [-limit, limit]; None leaves them."""
    return x if limit is None else x.clamp(-limit, limit)


def normalize_second_moment(x: Float[Tensor, "batch channel"]) -> Tensor:
    """Scale each row to a mean square of one."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + EPSILON)


class EqualizedLinear(nn.Module):
    """A dense layer; `weight` [out, in] and `bias` [out] are scaled by `lr_multiplier`."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activated: bool = False,
        bias_init: float = 0.0,
        lr_multiplier: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias_init / lr_multiplier))
        self.activated = activated
        self.weight_gain = lr_multiplier / math.sqrt(in_features)
        self.bias_gain = lr_multiplier

    def forward(self, x: Float[Tensor, "batch channel"]) -> Tensor:
        """[batch, in] -> [batch, out], in the type of `x`."""
        weight = (self.weight * self.weight_gain).to(x.dtype)
        y = F.linear(x, weight, (self.bias * self.bias_gain).to(x.dtype))
        return activate(y) if self.activated else y


def _shape_vector(values: Tensor, dtype: torch.dtype) -> Tensor:
    """[batch, channel] or [channel] -> a factor for feature maps."""
    return values.reshape(-1, values.shape[-1], 1, 1).to(dtype)


class ModulatedConvolution(nn.Module):
    """A styled 3x3 layer: modulation, convolution (upsampling or not), noise, bias, activation."""

    noise_const: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        w_dim: int,
        resolution: int,
        up: bool,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.up = up
        self.clamp = clamp
        self.resolution = resolution
        self.affine = EqualizedLinear(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))

    def forward(
        self, x: Features, w: Float[Tensor, "batch w_dim"], noise: Tensor | None
    ) -> NewFeatures:
        """[batch, in, N, N] -> [batch, out, N or 2N, same], in the type of `x`.

        `noise` broadcasts to [batch, 1, resolution, resolution]; None adds none.
        """
        styles, kernel, factor = self.scale_for(w, x.dtype)
        x = self.convolve(x * _shape_vector(styles, x.dtype), kernel)
        # The leaky ReLU keeps positive factors, so its gain is folded into what it gets.
        x = x * _shape_vector(factor * ACTIVATION_GAIN, x.dtype)
        offset = _shape_vector(self.bias * ACTIVATION_GAIN, x.dtype)
        if noise is not None:
            offset = offset + (noise * (self.noise_strength * ACTIVATION_GAIN)).to(x.dtype)
        return clamp_optionally(F.leaky_relu(x + offset, SLOPE), self.clamp)

    def scale_for(self, w: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Styles [batch, in], kernel in `dtype`, and the factor [batch, out] for what comes out."""
        styles = self.affine(w)
        energy = self.weight.square().sum((2, 3))
        demodulation = torch.rsqrt(styles.square() @ energy.t() + EPSILON)
        if dtype != torch.float16:
            return styles, self.weight.to(dtype), demodulation
        # Half precision overflows at 65504: bring styles and kernels to at most unit size first
        # and make up for it in the factor, which is exact because the layer is demodulated.
        largest = styles.abs().amax(1, keepdim=True).clamp_min(EPSILON)
        norm = energy.sum(1).sqrt().clamp_min(EPSILON)
        kernel = (self.weight / norm[:, None, None, None]).to(dtype)
        return styles / largest, kernel, demodulation * largest * norm

    def convolve(self, x: Features, kernel: Tensor) -> Tensor:
        """The shared convolution; upsampling is a transposed convolution, then the low-pass."""
        if self.up:
            return smooth_transposed(F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2))
        return F.conv2d(x, kernel, padding=1)


class ToRGB(nn.Module):
    """Feature maps -> RGB by a modulated 1x1 convolution without demodulation."""

    def __init__(
        self, in_channels: int, img_channels: int, w_dim: int, clamp: float | None = None
    ) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = EqualizedLinear(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(img_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(img_channels))
        self.weight_gain = 1 / math.sqrt(in_channels)

    def forward(self, x: Features, w: Float[Tensor, "batch w_dim"]) -> NewFeatures:
        """[batch, in, N, N] -> [batch, img_channels, N, N] in float32."""
        styles = self.affine(w) * self.weight_gain
        y = F.conv2d(x * _shape_vector(styles, x.dtype), self.weight.to(x.dtype))
        return clamp_optionally(y.float() + self.bias[:, None, None], self.clamp)


class EqualizedConvolution(nn.Module):
    """An unmodulated convolution of the discriminator, optionally halving the resolution."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        bias: bool = True,
        down: bool = False,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.down = down
        self.clamp = clamp
        self.kernel_size = kernel_size
        self.weight_gain = 1 / math.sqrt(in_channels * kernel_size**2)

    def forward(self, x: Features, gain: float = 1.0) -> NewFeatures:
        """[batch, in, N, N] -> [batch, out, N or N/2, same]; activated when it has a bias."""
        kernel = (self.weight * self.weight_gain).to(x.dtype)
        if not self.down:
            y = F.conv2d(x, kernel, padding=self.kernel_size // 2)
        elif self.kernel_size == 1:
            y = F.conv2d(downsample(x), kernel)
        else:
            y = F.conv2d(smooth_padded(x, 2), kernel, stride=2)
        if self.bias is None:
            return y * gain
        y = activate(y + _shape_vector(self.bias, y.dtype), ACTIVATION_GAIN * gain)
        return y if self.clamp is None else y.clamp(-self.clamp * gain, self.clamp * gain)
