"""The kinds of generators that our files can hold: a name in the header -> how it is built.

A file says its architecture by name and its sizes as JSON. An `Architecture` turns the JSON into a
checked record and the record into a network; which tensors the file must hold, in which shapes, is
asked of the network itself, built without memory. `register_architecture` adds one from outside;
docs/extending.md shows it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from synth.generators.capabilities import Capabilities, TrainableGenerator

#: Ours, by the module that has an `ARCHITECTURE`; imported when a file asks for it.
_OURS = {
    "stylegan2": "synth.generators.stylegan2",
    "biggan-deep": "synth.generators.biggan.biggan",
    "dcgan": "synth.generators.dcgan",
    "stylegan3": "synth.generators.stylegan3.stylegan3",
}


@runtime_checkable
class StoredGenerator(TrainableGenerator, Protocol):
    """A generator that our files can hold: an `nn.Module` that knows its kind and its sizes."""

    architecture: str
    #: A record with `to_json()`, which the architecture's `read_config` reads back.
    config: Any

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...


@dataclass(frozen=True)
class Architecture:
    """One kind of generator.

    name: as files say it. read_config: JSON -> a record of the network's sizes; raises ValueError
    for another record, and for sizes beyond any sensible network, since the file may be anybody's.
    build: record, name, sha256 -> the network with arbitrary weights; it must be cheap without
    memory (`torch.device("meta")`), and hold every tensor that a file must have in `state_dict`.
    build_discriminator: record -> the discriminator that such files may hold beside it.
    """

    name: str
    read_config: Callable[[str], Any]
    build: Callable[[Any, str, str], nn.Module]
    build_discriminator: Callable[[Any], nn.Module] | None = None

    def build_empty(self, config: Any, name: str = "", sha256: str = "") -> nn.Module:
        """The network without memory for its weights: its `state_dict` is what a file must hold."""
        with torch.device("meta"):
            return self.build(config, name, sha256)


_registered: dict[str, Architecture] = {}


def register_architecture(architecture: Architecture) -> None:
    """Make an architecture known to this process. Raises ValueError where another has its name."""
    name = architecture.name
    if name in _OURS or _registered.get(name, architecture) != architecture:
        raise ValueError(f"needs a new name for an architecture; got {name!r}, which is taken")
    _registered[name] = architecture


def find_architecture(name: str) -> Architecture:
    """The architecture of that name. Raises ValueError with the known names for another."""
    if name in _OURS:
        return importlib.import_module(_OURS[name]).ARCHITECTURE
    if name not in _registered:
        known = ", ".join(sorted({*_OURS, *_registered}))
        raise ValueError(
            f"needs an architecture among {known}; got {name[:40]!a}; try a newer version of "
            "this software, or importing the module that registers it"
        )
    return _registered[name]
