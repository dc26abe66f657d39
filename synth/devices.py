"""Which device to compute on, by the name that a user gives it."""

from __future__ import annotations

import torch


def choose_device(name: str) -> torch.device:
    """`auto`: CUDA where there is one, else the CPU. Raises ValueError for a device that is not."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"needs a device of this computer; got {name!r} ({reason})") from error


def find_device(network: object) -> torch.device:
    """Where a network's weights lie; the CPU for one without parameters."""
    if not isinstance(network, torch.nn.Module):
        return torch.device("cpu")
    first = next(network.parameters(), None)
    return torch.device("cpu") if first is None else first.device
