"""A StyleGAN2 laid out for inference and, where that pays, compiled.

In: the trained network and how inference is wanted. Out: the same generator without gradients, its
pictures the same up to rounding. Compiling that fails is told as a warning and done without.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from synth.generators.base import NoiseMode
from synth.generators.compilation import (
    find_compiler_obstacle,
    is_out_of_memory,
    is_worth_compiling,
)
from synth.generators.config import StyleGAN2Config
from synth.generators.inference import InferenceWish, warn_about
from synth.generators.mapping import MappingNetwork
from synth.generators.prepared import FOLDED_FROM, FOLDED_FROM_ALONE, PreparedSynthesis
from synth.generators.prepared_convolution import PreparedConvolution
from synth.generators.synthesis import NoiseSource, SynthesisNetwork, check_synthesis_input
from synth.types import Images, WPlus


@runtime_checkable
class TrainedStyleGAN2(Protocol):
    """What is laid out: the parts of a `synth.generators.stylegan2.StyleGAN2`."""

    config: StyleGAN2Config
    name: str
    sha256: str
    mapping: MappingNetwork
    synthesis: SynthesisNetwork


def accelerate_stylegan2(generator: TrainedStyleGAN2, wish: InferenceWish) -> AcceleratedStyleGAN2:
    """The capability `accelerate` of StyleGAN2."""
    compiled = wish.compile == "on"
    if wish.compile == "auto":
        compiled = is_worth_compiling(generator.config, wish.expected_frames)
    if compiled and (obstacle := find_compiler_obstacle(wish.device)):
        warn_about(f"not compiled: {obstacle}")
        compiled = False
    return AcceleratedStyleGAN2(generator, wish, compiled)


class AcceleratedStyleGAN2(nn.Module):
    """A StyleGAN2 laid out for inference; offers what `synth.generators.base.Generator` does.

    The first call fixes the batch size that is compiled; other batches are split and filled up.
    """

    def __init__(self, generator: TrainedStyleGAN2, wish: InferenceWish, compiled: bool) -> None:
        super().__init__()
        dtype, device = wish.dtype, wish.device
        self.config = generator.config
        self.name, self.sha256 = generator.name, generator.sha256
        self.z_dim, self.w_dim = self.config.z_dim, self.config.w_dim
        self.num_layers, self.resolution = self.config.num_layers, self.config.resolution
        self.dtype, self.device = dtype, device
        self.compiled = compiled
        self._compiled_batch: int | None = None
        # Ordinary tensors, also where the caller is in inference mode: compiled code checks that.
        with torch.inference_mode(False), torch.no_grad():
            self.mapping = copy.deepcopy(generator.mapping).eval().requires_grad_(False).to(device)
            folded_from = None
            if device.type == "cpu":
                folded_from = FOLDED_FROM_ALONE if wish.one_by_one else FOLDED_FROM
            self.prepared = PreparedSynthesis(generator.synthesis, dtype, folded_from).to(device)
        self._render: Callable[..., Tensor] = self.prepared.forward
        if compiled:
            self._render = torch.compile(self.prepared.forward, dynamic=False, fullgraph=True)

    def synthesis(
        self, w_plus: WPlus, noise_mode: NoiseMode = "const", noise_seed: int | None = None
    ) -> Images:
        """As `SynthesisNetwork.forward`, without gradients; falls back when compiling fails."""
        check_synthesis_input(self.config, w_plus, self.resolution)
        with torch.inference_mode(False), torch.no_grad():
            rows = w_plus.detach().to(self.device, torch.float32, copy=True)
            noise = self._make_noise(noise_mode, noise_seed, len(rows))
            if self.compiled:
                try:
                    return self._render_in_batches(rows, noise)
                except (torch.cuda.OutOfMemoryError, MemoryError):
                    raise  # no matter of compiling; the caller can try smaller batches
                except Exception as error:
                    if is_out_of_memory(error):
                        raise
                    self._stop_compiling(error)
            return self._render_batch(rows, noise)

    def _render_batch(self, rows: Tensor, noise: list[Tensor | None]) -> Tensor:
        """One batch at once."""
        modulation = self.prepared.modulate(rows)
        return self._render(modulation.convolutions, modulation.rgb_kernels, noise)

    def _render_in_batches(self, rows: Tensor, noise: list[Tensor | None]) -> Tensor:
        """Cut the batch to the compiled size; the last piece is filled up with copies."""
        count = len(rows)
        size = self._compiled_batch = self._compiled_batch or count
        filled = torch.cat((rows, rows[-1:].expand(-count % size, -1, -1)))
        pieces = []
        for start in range(0, count, size):
            part = [
                maps if maps is None or len(maps) == 1 else _fill(maps[start : start + size], size)
                for maps in noise
            ]
            pieces.append(self._render_batch(filled[start : start + size], part))
        return pieces[0] if len(pieces) == 1 and count == size else torch.cat(pieces)[:count]

    def _make_noise(self, mode: NoiseMode, seed: int | None, batch: int) -> list[Tensor | None]:
        """A scaled map per convolution, or None where there is no noise."""
        source = NoiseSource(mode, seed, batch)
        maps: list[Tensor | None] = []
        for module in self.prepared.convolutions:
            convolution = cast(PreparedConvolution, module)
            drawn = source.draw(convolution)
            if drawn is None or not convolution.is_noisy:
                maps.append(None)
                continue
            if mode == "random":
                drawn = (drawn * convolution.strength).to(self.dtype)
            maps.append(drawn.expand(1, 1, -1, -1) if drawn.ndim == 2 else drawn)
        return maps

    def _stop_compiling(self, error: Exception) -> None:
        """Go on uncompiled after torch.compile raised."""
        lines = str(error).strip().splitlines() or [type(error).__name__]
        warn_about(f"not compiled: torch.compile failed ({lines[0][:200]})")
        self.compiled = False
        self._render = self.prepared.forward


def _fill(maps: Tensor, size: int) -> Tensor:
    return torch.cat((maps, maps[-1:].expand(size - len(maps), -1, -1, -1)))
