"""A synthesis network laid out for inference: same pictures, constants folded, one memory layout.

In: W+ [batch, layer, w_dim] and noise maps. Out: images [batch, 3, resolution, resolution],
float32. What a network in training computes at every call is computed once: kernels are cast,
brought to unit norm and laid out channels-last, gains and noise strengths are folded in. Styles
scale the feature maps where they are written, so that a compiler makes one pass over memory
between two convolutions: (low-pass,) demodulate, add noise and bias, activate, sum up RGB, modulate
for the next convolution. Symbols as in `layers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.layers import (
    ACTIVATION_GAIN,
    EPSILON,
    SLOPE,
    EqualizedLinear,
    ModulatedConvolution,
    ToRGB,
    clamp_optionally,
)
from synth.generators.resampling import make_low_pass, smooth_transposed, upsample
from synth.generators.synthesis import SynthesisNetwork
from synth.generators.winograd import WinogradConvolution, choose_winograd_tile
from synth.types import WPlus

CHANNELS_LAST = torch.channels_last


class PreparedStyle(nn.Module):
    """The affine map w -> s with its gains folded into the weights."""

    weight: Tensor
    bias: Tensor

    def __init__(self, affine: EqualizedLinear, gain: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("weight", affine.weight.detach() * (affine.weight_gain * gain))
        self.register_buffer("bias", affine.bias.detach() * (affine.bias_gain * gain))

    def forward(self, w: Float[Tensor, "batch w_dim"]) -> Float[Tensor, "batch channel"]:
        """w [batch, w_dim] -> s [batch, channel], float32."""
        return F.linear(w, self.weight, self.bias)


class PreparedConvolution(nn.Module):
    """A styled convolution without its modulation, which the layer before has applied."""

    kernel: Tensor
    energy: Tensor
    norm: Tensor
    bias: Tensor
    style: PreparedStyle
    low_pass: Tensor
    strength: Tensor
    noise_const: Tensor

    def __init__(
        self, layer: ModulatedConvolution, dtype: torch.dtype, winograd: bool = False
    ) -> None:
        super().__init__()
        self.dtype = dtype
        self.up = layer.up
        self.resolution = layer.resolution
        self.clamp = layer.clamp
        self.style = PreparedStyle(layer.affine)
        weight = layer.weight.detach()
        energy = weight.square().sum((2, 3))
        norm = energy.sum(1).sqrt().clamp_min(EPSILON)
        unit = weight / norm[:, None, None, None]
        tile = None
        if winograd and not layer.up:
            tile = choose_winograd_tile(min(weight.shape[:2]), layer.resolution, dtype)
        self.winograd = None if tile is None else WinogradConvolution(unit, tile, dtype)
        if tile is None:
            kernel = (unit.transpose(0, 1) if layer.up else unit).to(dtype)
            self.register_buffer("kernel", kernel.contiguous(memory_format=CHANNELS_LAST))
        if layer.up:
            low_pass = make_low_pass(weight.shape[0], dtype, weight.device)
            self.register_buffer("low_pass", low_pass.contiguous(memory_format=CHANNELS_LAST))
        self.register_buffer("energy", energy)
        self.register_buffer("norm", norm)
        self.register_buffer("bias", (layer.bias.detach() * ACTIVATION_GAIN).to(dtype))
        strength = layer.noise_strength.detach() * ACTIVATION_GAIN
        self.register_buffer("strength", strength)
        self.register_buffer("noise_const", (layer.noise_const * strength).to(dtype))

    def scale_for(self, w: Float[Tensor, "batch w_dim"]) -> tuple[Tensor, Tensor]:
        """Factors for what goes in [batch, in, 1, 1] and what comes out [batch, out, 1, 1].

        Half precision overflows at 65504: what goes in is scaled by at most 1, and what comes out
        makes up for it.
        """
        styles = self.style(w)
        largest = styles.abs().amax(1, keepdim=True).clamp_min(EPSILON)
        demodulation = torch.rsqrt(styles.square() @ self.energy.t() + EPSILON)
        factor = demodulation * (largest * ACTIVATION_GAIN) * self.norm
        styles, factor = (styles / largest).to(self.dtype), factor.to(self.dtype)
        return styles[:, :, None, None], factor[:, :, None, None]

    def forward(self, x: Tensor, factor: Tensor, noise: Tensor | None) -> Tensor:
        """Modulated maps [batch, in, N, N] -> activated, unmodulated maps [batch, out, ..]."""
        if self.up:
            x = self.smooth(F.conv_transpose2d(x, self.kernel, stride=2))
        elif self.winograd is not None:
            x = self.winograd(x)
        else:
            x = F.conv2d(x, self.kernel, padding=1)
        x = x.mul_(factor).add_(self.offset(noise))
        x = F.leaky_relu_(x, SLOPE)
        return x if self.clamp is None else x.clamp_(-self.clamp, self.clamp)

    def offset(self, noise: Tensor | None) -> Tensor:
        """Bias and noise together; broadcasting sums of few channels to feature maps is slow."""
        if noise is None:
            return self.bias[:, None, None]
        return (noise.permute(0, 2, 3, 1) + self.bias).permute(0, 3, 1, 2)

    def smooth(self, x: Tensor) -> Tensor:
        """The low-pass after upsampling: one depthwise convolution is fastest on a CPU."""
        if x.is_cuda:
            return smooth_transposed(x)
        return F.conv2d(x, self.low_pass, padding=1, groups=x.shape[1])


class PreparedRGB(nn.Module):
    """Feature maps -> RGB with a kernel per sample, small enough to need no modulated maps."""

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: ToRGB) -> None:
        super().__init__()
        self.style = PreparedStyle(layer.affine, layer.weight_gain)
        self.clamp = layer.clamp
        self.register_buffer("weight", layer.weight.detach()[:, :, 0, 0].clone())
        self.register_buffer("bias", layer.bias.detach()[:, None, None].clone())

    def scale_for(self, w: Float[Tensor, "batch w_dim"]) -> Tensor:
        """The kernel of each sample [batch, 3, in]."""
        return self.style(w)[:, None, :] * self.weight

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        """[batch, in, N, N] -> [batch, 3, N, N], float32."""
        if torch.compiler.is_compiling():
            # Three sums over channels join the pass over memory that activates.
            maps = x.float()
            planes = [(maps * row[:, :, None, None]).sum(1) for row in kernel.unbind(1)]
            return clamp_optionally(torch.stack(planes, 1) + self.bias, self.clamp)
        pixels = x.permute(0, 2, 3, 1).flatten(1, 2)
        rgb = torch.bmm(pixels, kernel.transpose(1, 2).to(x.dtype)).float()
        rgb = rgb.transpose(1, 2).unflatten(2, x.shape[2:]) + self.bias
        return clamp_optionally(rgb, self.clamp)


@dataclass(frozen=True)
class Modulation:
    """All that W+ tells the layers, in their order: small tensors, computed once a picture."""

    scales: list[Tensor]
    factors: list[Tensor]
    rgb_kernels: list[Tensor]


class PreparedSynthesis(nn.Module):
    """The layers of a `SynthesisNetwork` in order, computing in `dtype`; not differentiable."""

    const: Tensor

    def __init__(
        self, network: SynthesisNetwork, dtype: torch.dtype, winograd: bool = False
    ) -> None:
        super().__init__()
        convolutions, to_rgb = [], []
        for resolution in network.config.resolutions:
            block = network.block_at(resolution)
            layers = (block.conv1,) if resolution == 4 else (block.conv0, block.conv1)
            convolutions += [PreparedConvolution(layer, dtype, winograd) for layer in layers]
            to_rgb.append(PreparedRGB(block.torgb))
        self.convolutions = nn.ModuleList(convolutions)
        self.to_rgb = nn.ModuleList(to_rgb)
        self.register_buffer("const", network.block_at(4).const.detach().to(dtype, copy=True))

    def modulate(self, w_plus: WPlus) -> Modulation:
        """W+ [batch, layer, w_dim] -> the factors of every layer.

        Apart from `forward`, since a compiler would compute them anew for every pixel.
        """
        rows = w_plus.unbind(1)
        pairs = [
            cast(PreparedConvolution, layer).scale_for(row)
            for layer, row in zip(self.convolutions, rows, strict=False)
        ]
        kernels = [
            cast(PreparedRGB, layer).scale_for(row)
            for layer, row in zip(self.to_rgb, rows[1::2], strict=True)
        ]
        return Modulation([pair[0] for pair in pairs], [pair[1] for pair in pairs], kernels)

    def forward(
        self,
        scales: Sequence[Tensor],
        factors: Sequence[Tensor],
        rgb_kernels: Sequence[Tensor],
        noise: Sequence[Tensor] | None,
    ) -> Tensor:
        """The fields of a `Modulation`, and a scaled noise map per convolution -> images."""
        image: Tensor | None = None
        x = self.const.expand(len(scales[0]), -1, -1, -1)
        for index, convolution in enumerate(self.convolutions):
            x = (x * scales[index]).contiguous(memory_format=CHANNELS_LAST)
            x = convolution(x, factors[index], None if noise is None else noise[index])
            if index % 2 == 0:
                rgb = self.to_rgb[index // 2](x, rgb_kernels[index // 2])
                image = rgb if image is None else upsample(image) + rgb
        assert image is not None
        return image.contiguous()
