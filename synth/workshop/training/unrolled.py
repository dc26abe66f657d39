"""Synthesis as it is trained on a CPU: large maps one sample at a time, with kernels of their own.

The same feature maps as `SynthesisNetwork.run_blocks` without noise. A batch of maps of 64x64 and
more does not fit a core's cache, so that every pass over it (styles, demodulation, bias) waits for
memory; one sample's maps do. There, styles s and demodulation d are folded into a kernel of the
sample, W'[out, in] = d[out] W[out, in] s[in] (Karras et al. 2020, equations 1-3), and no pass is
left but the convolution with its bias, and the activation in place. The gradients of s and d come
out of the kernel's, not out of sums over maps.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from synth.generators.layers import ACTIVATION_GAIN, EPSILON, SLOPE, ModulatedConvolution, ToRGB
from synth.generators.resampling import make_low_pass, upsample
from synth.generators.synthesis import NoiseSource, SynthesisNetwork
from synth.types import WPlus

#: Below this many pixels a side, kernels are larger than maps and the batch shares them.
UNROLLED_FROM = 64


def synthesize(synthesis: SynthesisNetwork, w_plus: WPlus, stop: int) -> Tensor:
    """W+ -> images [batch, 3, stop, stop] in float32."""
    return synthesize_blocks(synthesis, w_plus, None, None, 4, stop)[1]


def synthesize_blocks(
    synthesis: SynthesisNetwork,
    w_plus: WPlus,
    x: Tensor | None,
    image: Tensor | None,
    first: int,
    last: int,
) -> tuple[Tensor, Tensor]:
    """As `SynthesisNetwork.run_blocks` without noise, conv clamps or a GPU."""
    if first < UNROLLED_FROM:
        noise = NoiseSource("none", None, len(w_plus))
        stop = min(last, UNROLLED_FROM // 2)
        x, image = synthesis.run_blocks(w_plus, noise, x, image, first, stop)
        first = 2 * stop
    assert x is not None and image is not None
    if first > last:
        return x, image
    rows = w_plus.float().unbind(1)
    maps = list(x.split(1))
    for size in (size for size in synthesis.config.resolutions if first <= size <= last):
        block, row = synthesis.block_at(size), 2 * size.bit_length() - 7
        maps = _convolve_each(block.conv0, maps, rows[row])
        maps = _convolve_each(block.conv1, maps, rows[row + 1])
        image = upsample(image) + _color_each(block.torgb, maps, rows[row + 2])
    return torch.cat(maps), image


def _convolve_each(layer: ModulatedConvolution, maps: list[Tensor], w: Tensor) -> list[Tensor]:
    """The layer on maps [1, in, N, N] of each sample."""
    kernels, bias = fold_kernels(layer, w, maps[0].dtype)
    return [
        _convolve(x, kernel, bias, layer.up)
        for x, kernel in zip(maps, kernels.unbind(), strict=True)
    ]


def fold_kernels(
    layer: ModulatedConvolution, w: Tensor, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Kernels [batch, out, in, 3, 3] ([batch, in, out, 3, 3] where upsampling), bias [out]."""
    styles = layer.affine(w)
    energy = layer.weight.square().sum((2, 3))
    factor = torch.rsqrt(styles.square() @ energy.t() + EPSILON) * ACTIVATION_GAIN
    folds = (factor[:, :, None] * styles[:, None, :])[..., None, None]
    kernels = (layer.weight * folds).to(dtype)
    bias = (layer.bias * ACTIVATION_GAIN).to(dtype)
    return kernels.transpose(1, 2) if layer.up else kernels, bias


def _convolve(x: Tensor, kernel: Tensor, bias: Tensor, up: bool) -> Tensor:
    if up:
        x = _LowPass.apply(F.conv_transpose2d(x, kernel, stride=2), bias)
    else:
        x = F.conv2d(x, kernel, bias, padding=1)
    return F.leaky_relu_(x, SLOPE)


class _LowPass(torch.autograd.Function):
    """[1, C, 2N+1, 2N+1], bias [C] -> [1, C, 2N, 2N]: `resampling.smooth_transposed` plus bias."""

    @staticmethod
    def forward(ctx, x: Tensor, bias: Tensor) -> Tensor:
        kernel = make_low_pass(x.shape[1], x.dtype, x.device)
        return F.conv2d(x, kernel, bias, padding=1, groups=x.shape[1])

    @staticmethod
    def backward(ctx, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        kernel = make_low_pass(gradient.shape[1], gradient.dtype, gradient.device)
        slope = F.conv2d(gradient, kernel, padding=2, groups=gradient.shape[1])
        return slope, gradient.sum((0, 2, 3))


def _color_each(layer: ToRGB, maps: list[Tensor], w: Tensor) -> Tensor:
    """RGB [batch, 3, N, N] in float32."""
    styles = layer.affine(w) * layer.weight_gain
    kernels = (layer.weight * styles[:, None, :, None, None]).to(maps[0].dtype)
    parts = [F.conv2d(x, kernel) for x, kernel in zip(maps, kernels.unbind(), strict=True)]
    return torch.cat(parts).float() + layer.bias[:, None, None]
