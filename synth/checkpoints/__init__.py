"""Foreign checkpoints -> networks of ours, without running anything that is in them.

`load_generator(path)`, `load_discriminator(path)`, `read_tensors(path)`, `convert_checkpoint(...)`.
They are looked up at first use: the child process imports this package too, and must not have to
import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from synth.checkpoints.errors import CheckpointError

if TYPE_CHECKING:
    from synth.checkpoints.loading import (
        convert_checkpoint,
        load_discriminator,
        load_generator,
        load_with_card,
        read_tensors,
    )
    from synth.checkpoints.native import LoadedGenerator, load_native, save_generator

__all__ = [
    "CheckpointError",
    "LoadedGenerator",
    "convert_checkpoint",
    "load_discriminator",
    "load_generator",
    "load_native",
    "load_with_card",
    "read_tensors",
    "save_generator",
]
_NATIVE = frozenset({"LoadedGenerator", "load_native", "save_generator"})


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "native" if name in _NATIVE else "loading"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
