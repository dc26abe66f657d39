"""The textbook way to compute StyleGAN2's synthesis, to compare with: no thought for speed.

In: a `SynthesisNetwork` of ours, for its weights, and W+. Out: the same images. Every sample gets
modulated and demodulated kernels of its own and a group of a grouped convolution, maps are NCHW
float32, filters are convolutions with a 4x4 kernel, nothing is fused. This is how the paper's
equations read and how published code computes them where no special kernels are built.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from synth.generators.layers import ModulatedConvolution, ToRGB
from synth.generators.synthesis import SynthesisNetwork

_TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


def filter_maps(x: Tensor, padding: tuple[int, int, int, int], gain: float) -> Tensor:
    """Pad with zeros, then correlate each channel with the 4x4 binomial kernel x `gain`."""
    kernel = (torch.outer(_TAPS, _TAPS) * gain).to(x)[None, None].expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, padding), kernel, groups=x.shape[1])


def double_image(image: Tensor) -> Tensor:
    """Zeros between pixels, then the filter."""
    batch, channels, height, width = image.shape
    spread = image.new_zeros(batch, channels, height, 2, width, 2)
    spread[:, :, :, 0, :, 0] = image
    return filter_maps(spread.reshape(batch, channels, 2 * height, 2 * width), (2, 1, 2, 1), 4.0)


def convolve_modulated(
    x: Tensor, weight: Tensor, styles: Tensor, demodulate: bool, up: bool
) -> Tensor:
    """Equations 1 and 3 of the paper on the kernels, then one group per sample."""
    batch, in_channels, height, width = x.shape
    kernels = weight[None] * styles[:, None, :, None, None]
    if demodulate:
        kernels = kernels * (kernels.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, batch * in_channels, height, width)
    if up:
        kernels = kernels.transpose(1, 2).flatten(0, 1)
        x = F.conv_transpose2d(x, kernels, stride=2, groups=batch)
        x = filter_maps(x, (1, 1, 1, 1), 4.0)
    else:
        x = F.conv2d(x, kernels.flatten(0, 1), padding=weight.shape[-1] // 2, groups=batch)
    return x.reshape(batch, -1, *x.shape[2:])


def apply_layer(layer: ModulatedConvolution, x: Tensor, w: Tensor) -> Tensor:
    """One styled layer with its stored noise."""
    x = convolve_modulated(x, layer.weight, layer.affine(w), demodulate=True, up=layer.up)
    x = x + layer.noise_const * layer.noise_strength
    return F.leaky_relu(x + layer.bias[:, None, None], 0.2) * 2**0.5


def apply_rgb(layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
    """Feature maps -> RGB."""
    styles = layer.affine(w) * layer.weight_gain
    x = convolve_modulated(x, layer.weight, styles, demodulate=False, up=False)
    return x + layer.bias[:, None, None]


def synthesize_textbook(network: SynthesisNetwork, w_plus: Tensor) -> Tensor:
    """W+ [batch, layer, w_dim] -> images [batch, 3, resolution, resolution]."""
    rows = w_plus.unbind(1)
    x = network.block_at(4).const[None].repeat(len(w_plus), 1, 1, 1)
    image: Tensor | None = None
    for index, size in enumerate(network.config.resolutions):
        block = network.block_at(size)
        if size > 4:
            x = apply_layer(block.conv0, x, rows[2 * index - 1])
        x = apply_layer(block.conv1, x, rows[2 * index])
        rgb = apply_rgb(block.torgb, x, rows[2 * index + 1])
        image = rgb if image is None else double_image(image) + rgb
    assert image is not None
    return image
