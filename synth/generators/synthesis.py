"""The synthesis network: one row of W+ per layer -> a picture, doubling from 4x4 up.

Each block has an upsampling and a plain styled convolution (the first has a learned constant and
one convolution) and adds its RGB to the upsampled RGB of the block before (the 'skip' design).
Block i reads rows 2i-1, 2i, 2i+1 of W+; a block's RGB row is the next block's first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from synth.generators.base import NoiseMode
from synth.generators.config import StyleGAN2Config
from synth.generators.layers import ModulatedConvolution, ToRGB
from synth.generators.resampling import upsample
from synth.types import Images, WPlus

NOISE_MODES = ("const", "none", "random")


class SynthesisBlock(nn.Module):
    """The layers of one resolution; 4x4 has `const` in place of `conv0`."""

    conv0: ModulatedConvolution
    conv1: ModulatedConvolution
    torgb: ToRGB
    const: nn.Parameter

    def __init__(self, config: StyleGAN2Config, resolution: int) -> None:
        super().__init__()
        out_channels = config.channels_at(resolution)
        if resolution == 4:
            self.const = nn.Parameter(torch.randn(out_channels, 4, 4))
        else:
            in_channels = config.channels_at(resolution // 2)
            self.conv0 = ModulatedConvolution(
                in_channels, out_channels, config.w_dim, resolution, True, config.conv_clamp
            )
        self.conv1 = ModulatedConvolution(
            out_channels, out_channels, config.w_dim, resolution, False, config.conv_clamp
        )
        self.torgb = ToRGB(out_channels, config.img_channels, config.w_dim, config.conv_clamp)


@runtime_checkable
class NoisyLayer(Protocol):
    """What a layer tells of the noise that it takes."""

    resolution: int
    noise_const: Tensor


class NoiseSource:
    """Noise maps for one forward pass, asked for in the order of the layers."""

    def __init__(self, mode: NoiseMode, seed: int | None, batch: int) -> None:
        if mode not in NOISE_MODES:
            raise ValueError(f"needs noise_mode among {list(NOISE_MODES)}; got {mode!r}")
        self.mode = mode
        self.batch = batch
        self.random = None if seed is None else torch.Generator().manual_seed(seed)

    def draw(self, layer: NoisyLayer) -> Tensor | None:
        """Noise that broadcasts to [batch, 1, N, N] for `layer`, None for no noise."""
        if self.mode == "none":
            return None
        if self.mode == "const":
            return layer.noise_const
        shape = (layer.resolution, layer.resolution)
        device = layer.noise_const.device
        if self.random is not None:
            # Drawn on the CPU, for the same picture on every device.
            return torch.randn(shape, generator=self.random).to(device)
        return torch.randn(self.batch, 1, *shape, device=device)


class GivenNoise(NoiseSource):
    """Hands out maps that were made before, in the order of the layers; for one forward pass."""

    def __init__(self, maps: Sequence[Tensor]) -> None:
        super().__init__("const", None, len(maps[0]))
        self._left: Iterator[Tensor] = iter(maps)

    def draw(self, layer: NoisyLayer) -> Tensor | None:
        """The next map."""
        return next(self._left)


class SynthesisNetwork(nn.Module):
    """W+ [batch, layer, w_dim] -> images [batch, 3, resolution, resolution].

    Set `dtype` (float32, bfloat16, float16) to choose the type of the feature maps; weights and
    the sum of RGB stay float32.
    """

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        self.config = config
        self.dtype = torch.float32
        for resolution in config.resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(config, resolution))

    def forward(
        self,
        w_plus: WPlus,
        noise_mode: NoiseMode = "const",
        noise_seed: int | None = None,
        resolution: int | None = None,
        noise_maps: Sequence[Tensor] | None = None,
    ) -> Images:
        """W+ -> images at the network's own scale, nominally in [-1, 1], not clipped.

        noise_mode: 'const' adds the stored noise, 'none' none, 'random' fresh noise for each
        sample; with a `noise_seed`, random noise is fixed by the seed and the same for all samples,
        so that a picture depends neither on its batch nor on the device.
        resolution: stop at a lower resolution of the network (4, 8, ...).
        noise_maps: [batch, 1, N, N] of each layer in turn, in place of the noise of that mode.
        Raises ValueError for another number of rows, another width or an unknown resolution.
        """
        stop = self.config.resolution if resolution is None else resolution
        check_synthesis_input(self.config, w_plus, stop)
        if noise_maps is None:
            noise = NoiseSource(noise_mode, noise_seed, w_plus.shape[0])
        else:
            noise = GivenNoise(noise_maps)
        return self.run_blocks(w_plus, noise, None, None, 4, stop)[1].contiguous()

    def run_blocks(
        self,
        w_plus: WPlus,
        noise: NoiseSource,
        x: Tensor | None,
        image: Tensor | None,
        first: int,
        last: int,
    ) -> tuple[Tensor, Tensor]:
        """Blocks of resolutions `first` to `last` -> feature maps and RGB after the last one.

        x, image: what the block before `first` gave (any part of the picture: blocks are
        convolutions), None for 4x4, which starts from the constant.
        """
        rows = w_plus.float().unbind(1)
        if x is None:
            x = self.block_at(4).const.to(self.dtype).expand(len(w_plus), -1, -1, -1)
            x = x.contiguous(memory_format=torch.channels_last)
        for index, size in enumerate(self.config.resolutions):
            if not first <= size <= last:
                continue
            block = self.block_at(size)
            if size > 4:
                x = block.conv0(x, rows[2 * index - 1], noise.draw(block.conv0))
            x = block.conv1(x, rows[2 * index], noise.draw(block.conv1))
            rgb = block.torgb(x, rows[2 * index + 1])
            image = rgb if image is None else upsample(image) + rgb
        assert x is not None and image is not None
        return x, image

    def block_at(self, resolution: int) -> SynthesisBlock:
        """The layers that make one resolution."""
        return cast(SynthesisBlock, self.get_submodule(f"b{resolution}"))


def check_synthesis_input(config: StyleGAN2Config, w_plus: Tensor, stop: int) -> None:
    """Raise ValueError unless W+ fits the network and `stop` is one of its resolutions."""
    if w_plus.ndim != 3 or tuple(w_plus.shape[1:]) != (config.num_layers, config.w_dim):
        raise ValueError(
            f"needs W+ of shape [batch, {config.num_layers}, {config.w_dim}]; "
            f"got {list(w_plus.shape)}; try latents made for this generator"
        )
    if stop not in config.resolutions:
        raise ValueError(
            f"needs a resolution among {list(config.resolutions)}; got {stop}; "
            "try leaving it out for the network's own"
        )
