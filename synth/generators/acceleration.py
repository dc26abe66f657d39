"""Any generator -> the same generator, as fast as the machine allows; for inference only.

`accelerate` lays a StyleGAN2 out for inference (`prepared`), in half precision where the hardware
computes it faster, and compiles it where that pays. What cannot be had is told as a warning and
replaced by the next best; the pictures stay the same up to rounding. Choices depend on the network,
the machine and the number of frames alone, never on timing, so that a rerun gives the same bytes.
"""

from __future__ import annotations

import copy
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from synth.devices import find_device
from synth.generators.base import Generator, NoiseMode
from synth.generators.capabilities import find_capabilities
from synth.generators.config import StyleGAN2Config
from synth.generators.prepared import PreparedSynthesis
from synth.generators.prepared_convolution import PreparedConvolution
from synth.generators.stylegan2 import StyleGAN2
from synth.generators.synthesis import NoiseSource, check_synthesis_input
from synth.storage.assets import find_cache_folder
from synth.types import Images, WPlus

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_PRECISIONS = ("auto", *_DTYPES)
_COMPILE_MODES = ("auto", "on", "off")

#: What compiling costs, and what it saves for each value of a picture's feature maps, on two CPU
#: cores, rounded; see docs/synthesis-speed.md.
COMPILE_S = 20.0
SAVED_S_PER_VALUE = 5e-10


class AccelerationWarning(UserWarning):
    """A way to be faster was asked for and could not be had."""


def accelerate(
    generator: Generator,
    precision: str = "auto",
    compile: str = "auto",
    device: str | torch.device | None = None,
    expected_frames: int | None = None,
) -> Generator:
    """The same generator for fast inference on `device` (default: where it is).

    precision: of the feature maps; 'auto' takes bf16 on a CPU that multiplies it in hardware, fp16
        on a GPU, else fp32. Weights' sums, noise and RGB stay exact to that type's rounding.
    compile: 'auto' compiles when `expected_frames` (None: unknown, so not) are worth it. Compiled
        code is kept for the next run where the program asked for it (`keep_compiled_code`).
    A generator that cannot be accelerated comes back as it is, moved to `device` if it can be.
    Raises ValueError for unknown options.
    """
    check_options(precision, compile)
    lay_out = find_capabilities(generator).accelerate
    if lay_out is None:
        _warn(f"{type(generator).__name__} is used as it is: it has no faster form")
        if device is not None and isinstance(generator, nn.Module):
            generator.to(device)
        return generator
    target = torch.device(device) if device is not None else find_device(generator)
    wish = InferenceWish(choose_dtype(precision, target), compile, target, expected_frames)
    return lay_out(generator, wish)


@dataclass(frozen=True)
class InferenceWish:
    """How inference is wanted: see `accelerate`."""

    dtype: torch.dtype
    compile: str
    device: torch.device
    expected_frames: int | None


def accelerate_stylegan2(generator: StyleGAN2, wish: InferenceWish) -> AcceleratedStyleGAN2:
    """The capability `accelerate` of StyleGAN2."""
    compiled = wish.compile == "on"
    if wish.compile == "auto":
        compiled = is_worth_compiling(generator.config, wish.expected_frames)
    if compiled and (obstacle := find_compiler_obstacle(wish.device)):
        _warn(f"not compiled: {obstacle}")
        compiled = False
    return AcceleratedStyleGAN2(generator, wish.dtype, compiled, wish.device)


def check_options(precision: str, compile: str) -> None:
    """Raise ValueError for options that `accelerate` does not know."""
    for name, choice, known in (
        ("precision", precision, _PRECISIONS),
        ("compile", compile, _COMPILE_MODES),
    ):
        if choice not in known:
            raise ValueError(f"needs {name} among {list(known)}; got {choice!r}")


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The feature maps' type for a wish, or float32 with a warning where it would not be faster."""
    if precision == "fp32":
        return torch.float32
    if device.type != "cpu":
        return torch.float16 if precision == "auto" else _DTYPES[precision]
    capable = has_fast_bfloat16()
    if precision == "auto":
        return torch.bfloat16 if capable else torch.float32
    if precision == "bf16" and capable:
        return torch.bfloat16
    _warn(f"precision {precision} gives way to fp32: this processor does not multiply it natively")
    return torch.float32


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or torch.cpu._is_avx512_bf16_supported())


def is_worth_compiling(config: StyleGAN2Config, expected_frames: int | None) -> bool:
    """Whether compiling saves more time over that many frames (None: unknown) than it takes."""
    if expected_frames is None:
        return False
    values = sum(2 * config.channels_at(size) * size**2 for size in config.resolutions)
    return expected_frames * SAVED_S_PER_VALUE * values >= COMPILE_S


def find_compiler_obstacle(device: torch.device) -> str | None:
    """Why torch.compile cannot work here, or None when nothing is known to stand in its way."""
    if device.type != "cpu":
        return None  # Triton writes a GPU's code, and finds its own tools
    default = "cl" if sys.platform == "win32" else "clang++" if sys.platform == "darwin" else "g++"
    compiler = os.environ.get("CXX", default)
    if shutil.which(compiler) is None:
        return f"needs a C++ compiler; found no {compiler!r}; try installing g++, or set CXX"
    return None


class AcceleratedStyleGAN2(nn.Module):
    """A StyleGAN2 laid out for inference; offers what `synth.generators.base.Generator` does.

    The first call fixes the batch size that is compiled; other batches are split and filled up.
    """

    def __init__(
        self, generator: StyleGAN2, dtype: torch.dtype, compiled: bool, device: torch.device
    ) -> None:
        super().__init__()
        self.config = generator.config
        self.name, self.sha256 = generator.name, generator.sha256
        self.z_dim, self.w_dim = generator.z_dim, generator.w_dim
        self.num_layers, self.resolution = generator.num_layers, generator.resolution
        self.dtype, self.device = dtype, device
        self.compiled = compiled
        self._compiled_batch: int | None = None
        # Ordinary tensors, also where the caller is in inference mode: compiled code checks that.
        with torch.inference_mode(False), torch.no_grad():
            self.mapping = copy.deepcopy(generator.mapping).eval().requires_grad_(False).to(device)
            on_cpu = device.type == "cpu"
            self.prepared = PreparedSynthesis(generator.synthesis, dtype, on_cpu).to(device)
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
                    if _is_out_of_memory(error):
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
        _warn(f"not compiled: torch.compile failed ({lines[0][:200]})")
        self.compiled = False
        self._render = self.prepared.forward


def keep_compiled_code() -> None:
    """Let this process keep compiled code in the user's cache folder, for its next runs.

    For programs, before the first compilation; unless the user chose another place.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(find_cache_folder() / "compiled"))


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out below what torch.compile raises as an error of its own."""
    while error is not None:
        text = str(error)
        if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
            return True
        if "can't allocate memory" in text or "out of memory" in text:
            return True
        error = error.__cause__ or getattr(error, "inner_exception", None)
    return False


def _fill(maps: Tensor, size: int) -> Tensor:
    return torch.cat((maps, maps[-1:].expand(size - len(maps), -1, -1, -1)))


def _warn(message: str) -> None:
    warnings.warn(message, AccelerationWarning, stacklevel=3)
