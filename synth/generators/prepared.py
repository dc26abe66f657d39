"""A synthesis network laid out for inference: same pictures, constants folded, one memory layout.

In: W+ [batch, layer, w_dim] and noise maps. Out: images [batch, 3, resolution, resolution],
float32. What a network in training computes at every call is computed once: kernels are cast,
brought to unit norm and laid out channels-last, gains and noise strengths are folded in. The early
layers take the whole batch with shared kernels, the last ones on a CPU one sample at a time with
kernels of its own, while its maps are in the cache (`prepared_convolution`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from synth.generators.layers import ToRGB, clamp_optionally
from synth.generators.prepared_convolution import (
    CHANNELS_LAST,
    PreparedConvolution,
    PreparedStyle,
    prepare_convolution,
)
from synth.generators.resampling import upsample
from synth.generators.synthesis import SynthesisNetwork
from synth.types import WPlus

#: On a CPU, layers of this resolution and more draw one sample at a time; measured, see
#: docs/synthesis-speed.md.
FOLDED_FROM = 256
#: The same where a batch is one sample anyway.
FOLDED_FROM_ALONE = 64


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

    def modulate(self, w: Tensor) -> Tensor:
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
    """All that W+ tells the layers, in their order, with one entry per sample: small tensors."""

    convolutions: list[tuple[Tensor, Tensor]]
    rgb_kernels: list[Tensor]


class PreparedSynthesis(nn.Module):
    """The layers of a `SynthesisNetwork` in order, computing in `dtype`; not differentiable."""

    const: Tensor

    def __init__(
        self, network: SynthesisNetwork, dtype: torch.dtype, folded_from: int | None = None
    ) -> None:
        """folded_from: layers of this resolution on take one sample at a time; None, as on a GPU:
        none do, and no convolution goes Winograd's way."""
        super().__init__()
        for_cpu = folded_from is not None
        convolutions, to_rgb = [], []
        for resolution in network.config.resolutions:
            block = network.block_at(resolution)
            layers = (block.conv1,) if resolution == 4 else (block.conv0, block.conv1)
            convolutions += [
                prepare_convolution(layer, dtype, folded_from, for_cpu) for layer in layers
            ]
            to_rgb.append(PreparedRGB(block.torgb))
        self.convolutions = nn.ModuleList(convolutions)
        self.to_rgb = nn.ModuleList(to_rgb)
        self.register_buffer("const", network.block_at(4).const.detach().to(dtype, copy=True))
        #: Layers from this one on take one sample at a time.
        self.first_single = len(convolutions)
        if folded_from is not None:
            self.first_single = sum(layer.resolution < folded_from for layer in convolutions)

    def modulate(self, w_plus: WPlus) -> Modulation:
        """W+ [batch, layer, w_dim] -> what every layer needs to know of it.

        Apart from `forward`, since a compiler would compute them again for every pixel.
        """
        rows = w_plus.unbind(1)
        return Modulation(
            [
                cast(PreparedConvolution, layer).modulate(row)
                for layer, row in zip(self.convolutions, rows, strict=False)
            ],
            [
                cast(PreparedRGB, layer).modulate(row)
                for layer, row in zip(self.to_rgb, rows[1::2], strict=True)
            ],
        )

    def forward(
        self,
        convolutions: Sequence[tuple[Tensor, Tensor]],
        rgb_kernels: Sequence[Tensor],
        noise: Sequence[Tensor | None],
    ) -> Tensor:
        """The fields of a `Modulation`, and a noise map or None per convolution -> images."""
        count = len(rgb_kernels[0])
        x = self.const.expand(count, -1, -1, -1)
        image: Tensor | None = None
        for index in range(self.first_single):
            x, image = self._run_layer(index, x, image, convolutions, rgb_kernels, noise)
        if self.first_single < len(self.convolutions):
            x = x.contiguous(memory_format=CHANNELS_LAST)
            image = torch.cat(
                [self._finish(i, x, image, convolutions, rgb_kernels, noise) for i in range(count)]
            )
        assert image is not None
        return image.contiguous()

    def _finish(
        self,
        sample: int,
        x: Tensor,
        image: Tensor | None,
        convolutions: Sequence[tuple[Tensor, Tensor]],
        rgb_kernels: Sequence[Tensor],
        noise: Sequence[Tensor | None],
    ) -> Tensor:
        """The last layers of one sample of the batch."""
        one = slice(sample, sample + 1)
        singles = [(first[one], second[one]) for first, second in convolutions]
        kernels = [kernel[one] for kernel in rgb_kernels]
        maps = [n if n is None or len(n) == 1 else n[one] for n in noise]
        x, image = x[one], None if image is None else image[one]
        for index in range(self.first_single, len(self.convolutions)):
            x, image = self._run_layer(index, x, image, singles, kernels, maps)
        assert image is not None
        return image

    def _run_layer(
        self,
        index: int,
        x: Tensor,
        image: Tensor | None,
        convolutions: Sequence[tuple[Tensor, Tensor]],
        rgb_kernels: Sequence[Tensor],
        noise: Sequence[Tensor | None],
    ) -> tuple[Tensor, Tensor | None]:
        """One convolution and, after the last of a resolution, its part of the picture."""
        x = self.convolutions[index](x, convolutions[index], noise[index])
        if index % 2 == 0:
            rgb = self.to_rgb[index // 2](x, rgb_kernels[index // 2])
            image = rgb if image is None else upsample(image) + rgb
        return x, image
