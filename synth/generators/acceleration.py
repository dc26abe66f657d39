"""Any generator -> the same generator, as fast as the machine allows; for inference only.

`accelerate` asks the generator's own capability to lay it out (`accelerated_stylegan2`), in half
precision where the hardware computes it faster, and compiled where that pays. What cannot be had is
told as a warning and replaced by the next best; the pictures stay the same up to rounding. Choices
depend on the network, the machine and the number of frames alone, never on timing, so that a rerun
gives the same bytes.
"""

from __future__ import annotations

import torch
from torch import nn

from synth.devices import find_device
from synth.generators.base import Generator
from synth.generators.capabilities import find_capabilities
from synth.generators.inference import InferenceWish, warn_about

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_PRECISIONS = ("auto", *_DTYPES)
_COMPILE_MODES = ("auto", "on", "off")


def accelerate(
    generator: Generator,
    precision: str = "auto",
    compile: str = "auto",
    device: str | torch.device | None = None,
    expected_frames: int | None = None,
    one_by_one: bool = False,
) -> Generator:
    """The same generator for fast inference on `device` (default: where it is).

    precision: of the feature maps; 'auto' takes bf16 on a CPU that multiplies it in hardware, fp16
        on a GPU, else fp32. Weights' sums, noise and RGB stay exact to that type's rounding.
    compile: 'auto' compiles when `expected_frames` (None: unknown, so not) are worth it. Compiled
        code is kept for the next run where the program asked for it (`keep_compiled_code`).
    one_by_one: pictures will be asked for singly, as live ones are, so more layers are laid out for
        one sample.
    A generator that cannot be accelerated comes back as it is, moved to `device` if it can be.
    Raises ValueError for unknown options.
    """
    check_options(precision, compile)
    lay_out = find_capabilities(generator).accelerate
    if lay_out is None:
        warn_about(f"{type(generator).__name__} is used as it is: it has no faster form")
        if device is not None and isinstance(generator, nn.Module):
            generator.to(device)
        return generator
    target = torch.device(device) if device is not None else find_device(generator)
    wish = InferenceWish(
        choose_dtype(precision, target), compile, target, expected_frames, one_by_one
    )
    return lay_out(generator, wish)


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
    warn_about(
        f"precision {precision} gives way to fp32: this processor does not multiply it natively"
    )
    return torch.float32


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or torch.cpu._is_avx512_bf16_supported())
