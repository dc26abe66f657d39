"""StyleGAN3's synthesis network: Fourier features, then layers of one band each, then RGB.

Each layer is a modulated convolution without padding losses, a bias, and the filtered
nonlinearity that takes the signal to the next band. Row 0 of W+ places the input, row i+1 styles
layer i. Symbols: W the kernel, s a style for each input channel, m the running mean square of a
layer's input (`magnitude_ema`), which the published networks keep beside their weights:

    y = d conv(W, s x / sqrt(m)),    d = 1 / sqrt(sum_in,k (W s)^2)

and for RGB, which is not demodulated, d = 1 and s is divided by sqrt(inputs).
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.base import NoiseMode
from synth.generators.layers import EPSILON, EqualizedLinear, clamp_optionally
from synth.generators.resampling import Features, NewFeatures
from synth.generators.stylegan3.config import StyleGAN3Config
from synth.generators.stylegan3.fourier import FourierInput
from synth.generators.stylegan3.resampling import FilteredActivation, Signal
from synth.types import Images, OneTransform, Transforms, WPlus


class ModulatedLayer(nn.Module):
    """What all layers share: style, kernel, bias, the input's magnitude."""

    magnitude_ema: Tensor

    def __init__(self, in_channels: int, out_channels: int, kernel: int, w_dim: int) -> None:
        super().__init__()
        self.affine = EqualizedLinear(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("magnitude_ema", torch.ones([]))


class StyledLayer(ModulatedLayer):
    """[batch, in, n, n] -> [batch, out, n', n']: one layer of the paper's figure 4."""

    def __init__(
        self,
        config: StyleGAN3Config,
        index: int,
    ) -> None:
        before = max(index - 1, 0)
        kernel = config.conv_kernel
        super().__init__(config.channels[before], config.channels[index], kernel, config.w_dim)
        critical = index >= len(config.rates) - 1 - config.critical
        self.activation = FilteredActivation(
            find_signal(config, before),
            find_signal(config, index),
            config.taps,
            config.oversampling,
            config.radial and not critical,
            config.conv_clamp,
        )

    def forward(self, x: Features, w: Float[Tensor, "batch w_dim"]) -> NewFeatures:
        """Style, convolve, bend."""
        styles = self.affine(w)
        energy = self.weight.square().sum((2, 3))
        factor = torch.rsqrt(styles.square() @ energy.t() + EPSILON)
        scale = styles * torch.rsqrt(self.magnitude_ema)
        kernel = self.weight.shape[-1]
        x = F.conv2d(x * scale[:, :, None, None], self.weight, padding=kernel - 1)
        x = x * factor[:, :, None, None] + self.bias[:, None, None]
        return self.activation(x)


class RGBLayer(ModulatedLayer):
    """[batch, in, n, n] -> [batch, 3, n, n], without nonlinearity."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__(config.channels[-2], config.channels[-1], 1, config.w_dim)
        self.clamp = config.conv_clamp
        self.weight_gain = 1 / math.sqrt(config.channels[-2])

    def forward(self, x: Features, w: Float[Tensor, "batch w_dim"]) -> NewFeatures:
        """Style and mix."""
        styles = self.affine(w) * self.weight_gain * torch.rsqrt(self.magnitude_ema)
        x = F.conv2d(x * styles[:, :, None, None], self.weight) + self.bias[:, None, None]
        return clamp_optionally(x, self.clamp)


def find_signal(config: StyleGAN3Config, index: int) -> Signal:
    """The band of what layer `index` gives."""
    return Signal(
        config.cutoffs[index], config.half_widths[index], config.rates[index], config.sizes[index]
    )


class AliasFreeSynthesis(nn.Module):
    """W+ [batch, layer, w_dim] -> images [batch, 3, resolution, resolution]. It has no noise."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.config = config
        self.input = FourierInput(config.channels[0], config.w_dim, find_signal(config, 0))
        for index in range(len(config.rates) - 1):
            self.add_module(f"L{index}", StyledLayer(config, index))
        self.torgb = RGBLayer(config)

    def forward(
        self,
        w_plus: WPlus,
        noise_mode: NoiseMode = "const",
        noise_seed: int | None = None,
        transform: Transforms | OneTransform | None = None,
    ) -> Images:
        """W+ -> images at the network's own scale, nominally in [-1, 1], not clipped.

        noise_mode, noise_seed: as all generators take them; nothing here is noisy.
        transform: U of `fourier`, for each sample or one for all.
        Raises ValueError for another number of rows or another width.
        """
        expected = (self.config.num_layers, self.config.w_dim)
        if w_plus.ndim != 3 or tuple(w_plus.shape[1:]) != expected:
            raise ValueError(
                f"needs W+ of shape [batch, {expected[0]}, {expected[1]}]; "
                f"got {list(w_plus.shape)}; try latents made for this generator"
            )
        rows = w_plus.float().unbind(1)
        x = self.input(rows[0], transform)
        for index, row in enumerate(rows[1:-1]):
            x = cast(StyledLayer, self.get_submodule(f"L{index}"))(x, row)
        return self.torgb(x, rows[-1]) * self.config.output_scale
