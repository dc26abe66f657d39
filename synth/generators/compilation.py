"""Whether compiling a network for inference pays and is possible, and where its code is kept.

In: a network's sizes, the number of frames and the device. Decided by these alone, never by timing,
so that a rerun gives the same bytes.
"""

from __future__ import annotations

import os
import shutil
import sys

import torch

from synth.generators.config import StyleGAN2Config
from synth.storage.assets import find_cache_folder

#: What compiling costs, and what it saves for each value of a picture's feature maps, on two CPU
#: cores, rounded; see docs/synthesis-speed.md.
COMPILE_S = 20.0
SAVED_S_PER_VALUE = 5e-10


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


def keep_compiled_code() -> None:
    """Let this process keep compiled code in the user's cache folder, for its next runs.

    For programs, before the first compilation; unless the user chose another place.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(find_cache_folder() / "compiled"))


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out below what torch.compile raises as an error of its own."""
    while error is not None:
        text = str(error)
        if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
            return True
        if "can't allocate memory" in text or "out of memory" in text:
            return True
        error = error.__cause__ or getattr(error, "inner_exception", None)
    return False
