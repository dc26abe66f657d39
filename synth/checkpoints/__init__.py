"""Foreign checkpoints -> our safetensors, without running anything that is in them.

`find_native(path)` gives the safetensors of any checkpoint, converted at most once;
`convert_file` writes one; `read_tensors(path)` reads whatever tensors a file holds. Networks are
built in `synth.generators`, not here. Names are looked up at first use: the child process imports
this package too, and must not have to import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from synth.checkpoints.errors import CheckpointError

if TYPE_CHECKING:
    from synth.checkpoints.loading import convert_file, find_native, read_tensors

__all__ = ["CheckpointError", "convert_file", "find_native", "read_tensors"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.loading"), name)
