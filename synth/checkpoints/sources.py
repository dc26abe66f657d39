"""What converters read networks from, and what they hand back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.numpy_records import is_numpy_array, read_numpy_array
from synth.checkpoints.records import Record, as_mapping, describe, is_mapping
from synth.checkpoints.torch_records import is_torch_tensor, read_torch_tensor

Tensors = dict[str, np.ndarray]
#: Entries of the architecture's record of sizes, as JSON has them.
ConfigEntries = dict[str, object]
_DEEPEST_NESTING = 64
_MOST_TENSORS = 20_000
_MOST_CONTAINERS = 100_000
#: Each as often as it is visited: a container may stand in many places.
_MOST_ENTRIES = 1_000_000
#: NVIDIA's is 256; beyond single precision there is nothing to bound.
_LARGEST_CLAMP = 1e38


@dataclass(frozen=True)
class Network:
    """Weights under the names of our networks, and the sizes they imply.

    Ours are named as in stylegan2-ada-pytorch and stylegan3.
    """

    tensors: Tensors
    config: ConfigEntries


@dataclass(frozen=True)
class Conversion:
    """A foreign checkpoint in our terms; `notes` tell people what was left out or estimated."""

    source_format: str
    generator: Network
    discriminator: Network | None = None
    notes: tuple[str, ...] = field(default=())
    architecture: str = "stylegan2"


class Budget:
    """Bounds a walk through a value whose parts may be shared a million times over."""

    def __init__(self, steps: int, what: str) -> None:
        """Allow that many steps; `what` names them in the error."""
        self.steps, self.what, self.left = steps, what, steps

    def spend(self, steps: int = 1) -> None:
        """That many steps more; CheckpointError when there are not so many left."""
        self.left -= steps
        if self.left < 0:
            raise CheckpointError(f"needs at most {self.steps} {self.what}; got more")


def count_entries(value: object) -> int:
    """How many entries a container, or the record of one, makes whoever looks into it read."""
    if isinstance(value, Record):
        inner = value.args[0] if len(value.args) == 1 else ()
        return len(value.items) + (len(inner) if isinstance(inner, list) else 0)
    return len(value) if isinstance(value, (dict, list, tuple)) else 0


def is_array(value: object) -> bool:
    """Whether a value is a pickled tensor or array."""
    return is_torch_tensor(value) or is_numpy_array(value)


def read_array(value: object, storages: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
    """A pickled tensor or numpy array."""
    if is_numpy_array(value):
        return read_numpy_array(value)
    return read_torch_tensor(value, storages)


def read_clamp(values: Iterable[object], what: str) -> ConfigEntries:
    """`conv_clamp` out of what a network's layers say of it; nothing where none says anything.

    NVIDIA's networks that were trained in half precision bound the output of every layer.
    Raises CheckpointError for several values, or one that is no bound.
    """
    clamps = [value for value in values if value is not None]
    if not clamps:
        return {}
    clamp = clamps[0]
    if any(other != clamp for other in clamps[1:]):
        raise CheckpointError(f"needs one conv_clamp in {what}; got several")
    usable = isinstance(clamp, (int, float)) and 0 < clamp <= _LARGEST_CLAMP
    if isinstance(clamp, bool) or not usable:
        raise CheckpointError(
            f"needs a conv_clamp above 0 and at most {_LARGEST_CLAMP:g} in {what}; "
            f"got {quote(clamp)}"
        )
    return {"conv_clamp": clamp}


def read_state(value: object, storages: Mapping[str, np.ndarray], what: str) -> Tensors:
    """A state dict: names to tensors."""
    tensors: Tensors = {}
    for name, entry in as_mapping(value, what).items():
        if not isinstance(name, str):
            raise CheckpointError(f"needs names in {what}; got {quote(name)}")
        tensors[name] = read_array(entry, storages)
    return tensors


def collect_tensors(value: object, storages: Mapping[str, np.ndarray]) -> Tensors:
    """Every tensor in nested dicts and lists, by its path: `{"a": {"w": t}}` gives `a/w`."""
    tensors: Tensors = {}
    containers = Budget(_MOST_CONTAINERS, "containers")
    entries = Budget(_MOST_ENTRIES, "entries of containers")
    arrays = Budget(_MOST_TENSORS, "tensors")

    def visit(item: object, path: tuple[str, ...]) -> None:
        if is_array(item):
            arrays.spend()
            tensors["/".join(path) or "tensor"] = read_array(item, storages)
            return
        containers.spend()
        entries.spend(count_entries(item))
        if is_mapping(item):
            children = [(str(key), child) for key, child in as_mapping(item, "a dict").items()]
        elif isinstance(item, (list, tuple)):
            children = [(str(index), child) for index, child in enumerate(item)]
        else:
            return
        if len(path) >= _DEEPEST_NESTING:
            raise CheckpointError(f"needs at most {_DEEPEST_NESTING} nested containers; got more")
        for key, child in children:
            if isinstance(child, (dict, list, tuple)) or is_array(child) or is_mapping(child):
                visit(child, (*path, key))

    visit(value, ())
    if not tensors:
        raise CheckpointError(f"needs tensors in the file; got none, but {describe(value)}")
    return tensors
