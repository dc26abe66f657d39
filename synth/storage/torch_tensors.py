"""Tensors out of a torch file that somebody published: read without executing anything in it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor


def load_plain_tensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a torch file, read without executing anything in it.

    Raises FileNotFoundError, or ValueError naming the file when it holds anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs a file of weights; got no such file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken pickle raises whatever its bytes happen to ask for
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: needs an intact torch file of tensors; {reason}") from None
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise ValueError(f"{path}: needs tensors by name; got {type(content).__name__}")
    return {str(name): value for name, value in content.items()}
