"""The state of a training on disk, from which the same command goes on.

In: tensors and plain values by name. Out: one file, written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from synth.storage.atomic import write_atomically

STATE_FILE = "state.pt"


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write it. Raises OSError naming the path when the disk is full; what was there stays."""
    # Through a file of Python's: torch's own says nothing of why the disk took no more.
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        try:
            torch.save(dict(state), file)
        except RuntimeError as error:
            # Its closing of the archive fails too then, and hides what the file said.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load_state(path: Path, device: torch.device | str) -> dict[str, Any] | None:
    """What was written, on a device; None where there is no file.

    Raises ValueError naming the file when it is damaged, or no state of a training.
    """
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, ValueError, EOFError, KeyError, UnpicklingError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path}: needs an intact state of a training; {reason}; try another folder, or "
            "removing this one"
        ) from error
    if not isinstance(state, dict):
        raise ValueError(f"{path}: needs the state of a training; got {type(state).__name__}")
    return state
