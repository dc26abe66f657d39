"""How inference is wanted, and the warning where that cannot be had.

What `synth.generators.acceleration` asks of a generator, and what a generator's own way of being
fast is told.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch


class AccelerationWarning(UserWarning):
    """A way to be faster was asked for and could not be had."""


@dataclass(frozen=True)
class InferenceWish:
    """How inference is wanted: see `synth.generators.acceleration.accelerate`."""

    dtype: torch.dtype
    compile: str
    device: torch.device
    expected_frames: int | None
    one_by_one: bool = False


def warn_about(message: str) -> None:
    """Tell what could not be had."""
    warnings.warn(message, AccelerationWarning, stacklevel=3)
