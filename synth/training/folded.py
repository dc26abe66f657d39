"""The generator's forward pass arranged for training on a CPU: the same function, fewer passes.

Up to 32x32, where kernels are large and pictures small, a batch goes through the network's own
layers. From 64x64 on each picture goes alone, with its style, demodulation and activation gain
folded into the kernel, so that a layer is one convolution and one leaky ReLU, and the low-pass
of an upsampling layer is a depthwise convolution. What is left of memory traffic is a third.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from synth.generators.layers import ACTIVATION_GAIN, SLOPE, ModulatedConvolution, ToRGB
from synth.generators.resampling import upsample
from synth.generators.synthesis import SynthesisBlock, SynthesisNetwork, check_synthesis_input
from synth.types import Images, WPlus

BATCHED_UP_TO = 32


def synthesize_folded(network: SynthesisNetwork, w_plus: WPlus, resolution: int) -> Images:
    """As `network(w_plus, noise_mode="none", resolution=resolution)`, differentiable.

    Works in the network's `dtype`; float16 may overflow (train in bfloat16 or float32).
    """
    check_synthesis_input(network.config, w_plus, resolution)
    rows = w_plus.unbind(1)
    x = network.block_at(4).const.to(network.dtype)
    x = x.expand(len(w_plus), -1, -1, -1).contiguous(memory_format=torch.channels_last)
    image: Tensor | None = None
    batched, alone = _split_sizes(network, resolution)
    for size in batched:
        block, index = network.block_at(size), network.config.resolutions.index(size)
        if size > 4:
            x = block.conv0(x, rows[2 * index - 1], None)
        x = block.conv1(x, rows[2 * index], None)
        rgb = block.torgb(x, rows[2 * index + 1])
        image = rgb if image is None else upsample(image) + rgb
    assert image is not None
    if not alone:
        return image
    parts = []
    for one, picture, own_rows in zip(x.split(1), image.split(1), w_plus, strict=True):
        for size in alone:
            index = network.config.resolutions.index(size)
            own = own_rows[2 * index - 1 : 2 * index + 2]
            one, rgb = _run_block(network.block_at(size), one, own)
            picture = upsample(picture) + rgb
        parts.append(picture)
    return torch.cat(parts)


def _split_sizes(network: SynthesisNetwork, resolution: int) -> tuple[list[int], list[int]]:
    sizes = [size for size in network.config.resolutions if size <= resolution]
    small = [size for size in sizes if size <= BATCHED_UP_TO]
    return small, sizes[len(small) :]


def _run_block(
    block: SynthesisBlock, x: Tensor, rows: Float[Tensor, "3 w_dim"]
) -> tuple[Tensor, Tensor]:
    """One picture's features [1, in, N, N] -> features [1, out, 2N, 2N] and RGB."""
    kernel = _fold(block.conv0, rows[0]).to(x.dtype)
    x = F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2)
    bias = (block.conv0.bias * ACTIVATION_GAIN).to(x.dtype)
    x = cast(Tensor, LowPass.apply(x)) + bias[:, None, None]
    x = F.leaky_relu(x, SLOPE, inplace=True)
    kernel = _fold(block.conv1, rows[1]).to(x.dtype)
    bias = (block.conv1.bias * ACTIVATION_GAIN).to(x.dtype)
    x = F.conv2d(x, kernel.contiguous(memory_format=torch.channels_last), bias, padding=1)
    x = F.leaky_relu(x, SLOPE, inplace=True)
    return x, _run_rgb(block.torgb, x, rows[2])


def _fold(layer: ModulatedConvolution, w: Float[Tensor, " w_dim"]) -> Float[Tensor, "o i 3 3"]:
    """The kernel of one picture: modulated, demodulated, times the activation's gain."""
    styles, kernel, factor = layer.scale_for(w[None], torch.float32)
    return (
        kernel * styles[0][None, :, None, None] * (factor[0] * ACTIVATION_GAIN)[:, None, None, None]
    )


def _run_rgb(layer: ToRGB, x: Tensor, w: Float[Tensor, " w_dim"]) -> Tensor:
    styles = layer.affine(w[None])[0] * layer.weight_gain
    kernel = (layer.weight * styles[None, :, None, None]).to(x.dtype)
    return F.conv2d(x, kernel).float() + layer.bias[:, None, None]


class LowPass(torch.autograd.Function):
    """[1, 3, 3, 1] low-pass of gain 4, [.., 2N+1, 2N+1] -> [.., 2N, 2N], depthwise.

    The filter is symmetric, so the gradient is the same filter with more padding: a forward
    convolution, many times faster on a CPU than a depthwise convolution's own backward.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Filter with one zero on each side."""
        return _filter(x, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Filter with two."""
        return _filter(gradients[0], 2)


def _filter(x: Tensor, padding: int) -> Tensor:
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25], dtype=x.dtype, device=x.device)
    kernel = (taps[:, None] * taps).expand(x.shape[1], 1, 4, 4).contiguous()
    return F.conv2d(x, kernel, padding=padding, groups=x.shape[1])
