"""torch's pickled tensors: a dense strided view of a storage whose bytes lie in the file.

In: the records of `torch._utils._rebuild_tensor_v2` and `_rebuild_parameter`, whose storage is
either a persistent id of a torch file, or, inside NVIDIA's pickles, the bytes of a whole legacy
torch file within `torch.storage._load_from_bytes`. Those bytes are parsed here; nothing is loaded
by torch. Out: read-only numpy arrays that view the file where they can.

Sparse, quantised, nested and meta tensors are refused, and so are strides that repeat or skip
elements: a weight has no use for them, and they have been used for attacks. A tensor that is kept
as the negative of its storage (torch's `neg` bit) is negated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.numpy_records import check_shape, read_bytes
from synth.checkpoints.pickle_machine import PickleLimits
from synth.checkpoints.pickle_reader import read_pickle
from synth.checkpoints.records import Global, PersistentId, Record, as_mapping, describe

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
#: The small pickles around an object take some fifty opcodes. A weight in NVIDIA's files has all of
#: them to itself, so that whatever one of them may cost is paid some hundred times.
_HEAD_LIMITS = PickleLimits(opcodes=500, stack=200, memo=200)

_STORAGE_DTYPES = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
    # numpy has no bfloat16: its bits come as integers and are widened to float32.
    "BFloat16Storage": np.dtype("<u2"),
}


@dataclass(frozen=True)
class StorageKind:
    """Type and number of elements of a storage."""

    dtype: np.dtype
    elements: int
    is_bfloat16: bool

    @property
    def size_bytes(self) -> int:
        """Bytes that the storage takes in the file."""
        return self.elements * self.dtype.itemsize


_TENSOR = {"torch._utils": frozenset({"_rebuild_tensor_v2", "_rebuild_tensor"})}
_PARAMETER = {
    "torch._utils": frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state"}),
}
_FROM_BYTES = {"torch.storage": frozenset({"_load_from_bytes"})}
#: Storage, offset, size, stride, requires_grad, backward_hooks, metadata.
_MOST_ARGUMENTS = 7
_ANY_TENSOR_MODULES = ("torch._utils", "torch._tensor")


def is_torch_tensor(value: object) -> bool:
    """Whether a value is a pickled tensor or parameter, readable or not."""
    return (
        isinstance(value, Record)
        and value.callee.module in _ANY_TENSOR_MODULES
        and value.callee.name.startswith("_rebuild_")
    )


def read_torch_tensor(
    value: object, storages: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """A pickled tensor as an array; `storages` are the torch file's, by key."""
    if isinstance(value, Record) and value.is_call_of(_PARAMETER) and value.args:
        value = value.args[0]
    if not isinstance(value, Record) or not value.is_call_of(_TENSOR) or len(value.args) < 4:
        raise CheckpointError(
            f"needs a dense tensor; got {describe(value)}; sparse, quantised and other special "
            "tensors are refused"
        )
    storage, offset, size, stride = value.args[:4]
    numbers = _read_storage(storage, storages)
    tensor = _view(numbers, offset, check_shape(size), check_shape(stride))
    return np.negative(tensor) if _is_negated(value, tensor) else tensor


def _is_negated(value: Record, tensor: np.ndarray) -> bool:
    """Whether a tensor is the negative of what its storage holds; nothing else may be said of it.

    torch keeps such signs beside the arguments (`torch._utils.set_tensor_metadata`).
    """
    if len(value.args) > _MOST_ARGUMENTS or value.kwargs:
        raise CheckpointError("needs at most 7 arguments of a tensor; got more")
    said = value.args[6] if len(value.args) == _MOST_ARGUMENTS else None
    if said is None:
        return False
    marks = as_mapping(said, "what is said of a tensor")
    for name, mark in marks.items():
        if type(mark) is not bool or (mark and name != "neg"):
            raise CheckpointError(
                f"needs a plain or negated tensor; got one marked as {quote(name)}; try "
                "tensor.resolve_conj().resolve_neg() before saving"
            )
    if marks.get("neg") and tensor.dtype.kind == "b":
        raise CheckpointError("needs numbers in a negated tensor; got truth values")
    return marks.get("neg") is True


def check_storage_id(value: object) -> tuple[str, StorageKind]:
    """A storage's key and kind out of its persistent id."""
    if not isinstance(value, PersistentId):
        raise CheckpointError(f"needs a torch storage; got {describe(value)}")
    parts = value.value
    if not isinstance(parts, tuple) or len(parts) not in (5, 6) or parts[0] != "storage":
        raise CheckpointError(f"needs the persistent id of a torch storage; got {describe(parts)}")
    _, kind, key, _, count = parts[:5]
    if len(parts) == 6 and parts[5] is not None:
        raise CheckpointError("needs a whole torch storage; got a view of one; save it again")
    if not isinstance(kind, Global) or kind.module != "torch" or kind.name not in _STORAGE_DTYPES:
        raise CheckpointError(f"needs a storage of plain numbers; got {describe(kind)}")
    if not isinstance(key, str):
        raise CheckpointError(f"needs text for a storage's key; got {describe(key)}")
    (elements,) = check_shape((count,))
    return key, StorageKind(_STORAGE_DTYPES[kind.name], elements, kind.name == "BFloat16Storage")


def decode_storage(raw: memoryview | bytes, kind: StorageKind) -> np.ndarray:
    """The numbers of a storage out of exactly its bytes."""
    if len(raw) != kind.size_bytes:
        raise CheckpointError(
            f"needs {kind.size_bytes} bytes for a storage of {kind.elements} elements; "
            f"got {len(raw)}"
        )
    numbers = np.frombuffer(raw, kind.dtype)
    if kind.is_bfloat16:
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers


def read_legacy_head(data: memoryview) -> int:
    """Check magic number, protocol and byte order of a legacy torch file; where its pickle is."""
    magic, position = read_pickle(data, limits=_HEAD_LIMITS)
    protocol, position = read_pickle(data, position, limits=_HEAD_LIMITS)
    if type(magic) is not int or magic != LEGACY_MAGIC or protocol != _LEGACY_PROTOCOL:
        raise CheckpointError("needs a torch file of protocol 1001; got another head")
    system, position = read_pickle(data, position, limits=_HEAD_LIMITS)
    if as_mapping(system, "torch's system information").get("little_endian") is not True:
        raise CheckpointError("needs a little-endian torch file; got another byte order")
    return position


def read_legacy_storages(
    data: memoryview, position: int, kinds: Mapping[str, StorageKind]
) -> dict[str, np.ndarray]:
    """The storages at the end of a legacy torch file: a list of keys, then count and bytes each."""
    limits = _HEAD_LIMITS if len(kinds) == 1 else PickleLimits()
    keys, position = read_pickle(data, position, limits=limits)
    if not isinstance(keys, list) or any(not isinstance(key, str) for key in keys):
        raise CheckpointError(f"needs a list of storage keys; got {describe(keys)}")
    storages: dict[str, np.ndarray] = {}
    for key in keys:
        if key not in kinds or key in storages:
            raise CheckpointError(f"needs storage keys that tensors use; got {quote(key)}")
        kind = kinds[key]
        end = position + 8 + kind.size_bytes
        if end > len(data):
            raise CheckpointError(
                f"needs {end} bytes of a torch file; got {len(data)}: the file is cut off"
            )
        if int.from_bytes(data[position : position + 8], "little") != kind.elements:
            raise CheckpointError(
                f"needs {kind.elements} elements in storage {quote(key)}; got another number"
            )
        storages[key] = decode_storage(data[position + 8 : end], kind)
        position = end
    if position != len(data):
        raise CheckpointError(f"needs a torch file of {position} bytes; got {len(data)}")
    return storages


def _read_storage(value: object, storages: Mapping[str, np.ndarray] | None) -> np.ndarray:
    if isinstance(value, Record) and value.is_call_of(_FROM_BYTES):
        return _read_nested_storage(value)
    key, kind = check_storage_id(value)
    if storages is None or key not in storages:
        raise CheckpointError(f"needs the bytes of storage {quote(key)}; got none in the file")
    # Where a file points to a key twice, both kinds were compared when storages were collected.
    assert storages[key].size == kind.elements
    return storages[key]


def _read_nested_storage(value: Record) -> np.ndarray:
    """`_load_from_bytes(raw)`, where raw is a legacy torch file of one storage, not of a tensor."""
    if len(value.args) != 1:
        raise CheckpointError(f"needs the bytes of a storage; got {len(value.args)} arguments")
    data = memoryview(read_bytes(value.args[0]))
    position = read_legacy_head(data)
    pointer, position = read_pickle(data, position, True, _HEAD_LIMITS)
    key, kind = check_storage_id(pointer)
    storages = read_legacy_storages(data, position, {key: kind})
    if key not in storages:
        raise CheckpointError(f"needs the bytes of storage {quote(key)}; got none")
    return storages[key]


def _view(
    storage: np.ndarray, offset: object, size: tuple[int, ...], stride: tuple[int, ...]
) -> np.ndarray:
    """Rows of a storage as a tensor; each element of a dense block exactly once, in any order."""
    if len(size) != len(stride):
        raise CheckpointError(f"needs one stride for each dimension; got {size} and {stride}")
    (start,) = check_shape((offset,))
    extent = 1
    for step, length in sorted((t, s) for s, t in zip(size, stride, strict=True) if s != 1):
        if step != extent and 0 not in size:
            raise CheckpointError(
                f"needs a dense tensor; got strides {stride} for sizes {size}, which repeat or "
                "skip elements; try tensor.contiguous().clone() before saving"
            )
        extent *= length
    if start + (0 if 0 in size else extent) > storage.size:
        raise CheckpointError(
            f"needs {extent} elements from {start} on; got a storage of {storage.size}"
        )
    if 0 in size:
        return np.empty(size, storage.dtype)
    steps = [step * storage.itemsize for step in stride]
    return as_strided(storage[start:], size, steps, writeable=False)
