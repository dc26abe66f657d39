"""Small networks on disk: safetensors in half precision with a card in the header.

Metadata, all text: `format` (which network), `settings` (JSON, what its class is built with) and
the card's entries: data, command, seed, held-out figures, licence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from synth.plain_text import parse_json
from synth.storage.atomic import write_atomically

Network = TypeVar("Network", bound=nn.Module)
_OWN_ENTRIES = ("format", "settings")
_LARGEST_SETTINGS = 4096


def save_network(path: str | Path, network: nn.Module, kind: str, card: Mapping[str, str]) -> None:
    """Write a network whose `settings` rebuild it, whole or not at all.

    Raises ValueError for a card that uses an entry of the format itself.
    """
    taken = sorted(set(_OWN_ENTRIES) & set(card))
    if taken:
        raise ValueError(f"needs card entries other than {', '.join(_OWN_ENTRIES)}; got {taken}")
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in network.state_dict().items()
    }
    metadata = {**card, "format": kind, "settings": json.dumps(network.settings)}
    with write_atomically(path) as temporary:
        save_file(tensors, temporary, metadata)


def read_card(path: str | Path) -> dict[str, str]:
    """The card in a file's header; ValueError naming the file when it is broken."""
    with _opening(path) as file:
        return _take_card(dict(file.metadata() or {}))


def load_network(
    path: str | Path, kind: str, make: Callable[..., Network]
) -> tuple[Network, dict[str, str]]:
    """Read (network, card); the network is in float32, in eval mode and frozen.

    `make(**settings)` builds it. Raises FileNotFoundError when there is no file, ValueError naming
    it when it is broken or holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: needs the weights of {kind}; got no such file; try installing Moodreel "
            "again, or `python -m scripts.train_networks --help`"
        )
    with _opening(path) as file:
        metadata = dict(file.metadata() or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if metadata.get("format") != kind:
        raise ValueError(f"{path}: needs format {kind!r}; got {metadata.get('format')!r}")
    try:
        if len(metadata["settings"]) > _LARGEST_SETTINGS:
            raise ValueError(f"settings are longer than {_LARGEST_SETTINGS} characters")
        # Without memory until shapes agree: a header cannot ask for more than the file holds.
        with torch.device("meta"):
            network = make(**parse_json(metadata["settings"], "settings"))
        state = {
            name: tensor.float() if tensor.is_floating_point() else tensor
            for name, tensor in tensors.items()
        }
        network.load_state_dict(state, assign=True)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: needs a whole {kind}; {reason}") from None
    return network.eval().requires_grad_(False), _take_card(metadata)


@contextmanager
def _opening(path: str | Path) -> Iterator[Any]:
    try:
        with safe_open(str(path), framework="pt") as file:
            yield file
    except SafetensorError as error:
        raise ValueError(f"{path}: needs an intact .safetensors file; {error}") from None


def _take_card(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in metadata.items() if key not in _OWN_ENTRIES}
