"""Styled convolutions laid out for inference, in two ways that give the same feature maps.

`SharedConvolution`: one kernel for all samples; styles scale what goes in and what comes out
(Karras et al. 2020, equations 1 and 3, moved from the kernel to the maps). Best where kernels are
large beside the maps. `FoldedConvolution`: styles, demodulation and bias are folded into a kernel
per sample, and no pass over the maps is left but the convolution and its activation. Best where
maps are large beside the kernels: the last layers, one sample at a time. Symbols as in `layers`.
"""

from __future__ import annotations

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
)
from synth.generators.resampling import make_low_pass, smooth_transposed
from synth.generators.winograd import WinogradConvolution, choose_winograd_tile

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
    """What both ways have in common: style, low-pass, noise, bias, activation."""

    energy: Tensor
    norm: Tensor
    bias: Tensor
    low_pass: Tensor
    strength: Tensor
    noise_const: Tensor

    def __init__(self, layer: ModulatedConvolution, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.up = layer.up
        self.resolution = layer.resolution
        self.clamp = layer.clamp
        self.style = PreparedStyle(layer.affine)
        weight = layer.weight.detach()
        energy = weight.square().sum((2, 3))
        self.register_buffer("energy", energy)
        self.register_buffer("norm", energy.sum(1).sqrt().clamp_min(EPSILON))
        if layer.up:
            low_pass = make_low_pass(weight.shape[0], dtype, weight.device)
            self.register_buffer("low_pass", low_pass.contiguous(memory_format=CHANNELS_LAST))
        self.register_buffer("bias", (layer.bias.detach() * ACTIVATION_GAIN).to(dtype))
        strength = layer.noise_strength.detach() * ACTIVATION_GAIN
        self.register_buffer("strength", strength)
        self.register_buffer("noise_const", (layer.noise_const * strength).to(dtype))
        #: A network trained without noise need not add zeros to its maps.
        self.is_noisy = bool(strength.any())

    def modulate(self, w: Float[Tensor, "batch w_dim"]) -> tuple[Tensor, Tensor]:
        """What `forward` needs to know of w: two tensors with one entry per sample."""
        raise NotImplementedError

    def forward(self, x: Tensor, what: tuple[Tensor, Tensor], noise: Tensor | None) -> Tensor:
        """Maps [batch, in, N, N], what `modulate` gave and scaled noise -> [batch, out, M, M]."""
        raise NotImplementedError

    def _find_factors(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Factors of the unit kernel's inputs [batch, in] and outputs [batch, out], float32.

        Half precision overflows at 65504: what goes in is scaled by at most 1, and what comes out
        makes up for it.
        """
        styles = self.style(w)
        largest = styles.abs().amax(1, keepdim=True).clamp_min(EPSILON)
        demodulation = torch.rsqrt(styles.square() @ self.energy.t() + EPSILON)
        return styles / largest, demodulation * (largest * ACTIVATION_GAIN) * self.norm

    def _find_unit_kernel(self, layer: ModulatedConvolution) -> Tensor:
        """[out, in, 3, 3]; transposed convolutions take the inputs first."""
        unit = layer.weight.detach() / self.norm[:, None, None, None]
        return unit.transpose(0, 1) if self.up else unit

    def _smooth(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """The low-pass after upsampling: one depthwise convolution is fastest on a CPU."""
        if not x.is_cuda:
            return F.conv2d(x, self.low_pass, bias, padding=1, groups=x.shape[1])
        x = smooth_transposed(x)
        return x if bias is None else x + bias[:, None, None]

    def _offset(self, noise: Tensor | None) -> Tensor:
        """Bias and noise together; broadcasting sums of few channels to feature maps is slow."""
        if noise is None:
            return self.bias[:, None, None]
        return (noise.permute(0, 2, 3, 1) + self.bias).permute(0, 3, 1, 2)

    def _activate(self, x: Tensor) -> Tensor:
        """In place."""
        x = F.leaky_relu_(x, SLOPE)
        return x if self.clamp is None else x.clamp_(-self.clamp, self.clamp)


class SharedConvolution(PreparedConvolution):
    """One unit kernel; w scales the maps before and after."""

    kernel: Tensor

    def __init__(
        self, layer: ModulatedConvolution, dtype: torch.dtype, tile: int | None = None
    ) -> None:
        """tile: of Winograd's way, None for a direct convolution."""
        super().__init__(layer, dtype)
        unit = self._find_unit_kernel(layer)
        self.winograd = None if tile is None else WinogradConvolution(unit, tile, dtype)
        if tile is None:
            kernel = unit.to(dtype).contiguous(memory_format=CHANNELS_LAST)
            self.register_buffer("kernel", kernel)

    def modulate(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Factors for what goes in [batch, in, 1, 1] and what comes out [batch, out, 1, 1]."""
        before, after = (
            factor.to(self.dtype)[:, :, None, None] for factor in self._find_factors(w)
        )
        return before, after

    def forward(self, x: Tensor, what: tuple[Tensor, Tensor], noise: Tensor | None) -> Tensor:
        """As `PreparedConvolution.forward`."""
        before, after = what
        x = (x * before).contiguous(memory_format=CHANNELS_LAST)
        if self.up:
            x = self._smooth(F.conv_transpose2d(x, self.kernel, stride=2))
        elif self.winograd is not None:
            x = self.winograd(x)
        else:
            x = F.conv2d(x, self.kernel, padding=1)
        return self._activate(x.mul_(after).add_(self._offset(noise)))


class FoldedConvolution(PreparedConvolution):
    """A kernel for each sample; takes one sample at a time."""

    kernel: Tensor

    def __init__(self, layer: ModulatedConvolution, dtype: torch.dtype) -> None:
        super().__init__(layer, dtype)
        self.register_buffer("kernel", self._find_unit_kernel(layer).clone())

    def modulate(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Kernels [batch, ...] and, the same for all, the bias [batch, out]."""
        before, after = (factor[:, :, None, None] for factor in self._find_factors(w))
        if self.up:
            kernels = self.kernel * before[..., None] * after[:, None]
        else:
            kernels = self.kernel * after[..., None] * before[:, None]
        return kernels.to(self.dtype), self.bias.expand(len(w), -1)

    def forward(self, x: Tensor, what: tuple[Tensor, Tensor], noise: Tensor | None) -> Tensor:
        """As `PreparedConvolution.forward`, for a batch of one."""
        kernel, bias = what[0][0].contiguous(memory_format=CHANNELS_LAST), what[1][0]
        added = bias if noise is None else None
        if self.up:
            x = self._smooth(F.conv_transpose2d(x, kernel, stride=2), added)
        else:
            x = F.conv2d(x, kernel, added, padding=1)
        return self._activate(x if noise is None else x.add_(self._offset(noise)))


def prepare_convolution(
    layer: ModulatedConvolution, dtype: torch.dtype, folded_from: int | None, winograd: bool
) -> PreparedConvolution:
    """The faster way for this layer; folded_from: resolution from which samples come one by one."""
    tile = None
    if winograd and not layer.up:
        tile = choose_winograd_tile(min(layer.weight.shape[:2]), layer.resolution, dtype)
    if folded_from is not None and layer.resolution >= folded_from and tile is None:
        return FoldedConvolution(layer, dtype)
    return SharedConvolution(layer, dtype, tile)
