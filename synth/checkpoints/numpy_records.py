"""numpy's pickled arrays and scalars, built from their bytes with every bound checked.

In: the records of `numpy.core.multiarray._reconstruct` with its state (NEP-less format, version 1:
shape, dtype, Fortran order, raw bytes), of `scalar`, and of protocol 5's `_frombuffer`. Out:
read-only arrays of plain numbers. Object, text, void and structured arrays are refused.
"""

from __future__ import annotations

import math

import numpy as np

from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.records import Global, Record, describe

_DTYPES = frozenset(("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "?"))
_LARGEST_RANK = 8
_LARGEST_EXTENT = 1 << 40


def _numpy(*names: str) -> dict[str, frozenset[str]]:
    modules = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
    more = ("numpy.core.numeric", "numpy._core.numeric")
    return {module: frozenset(names) for module in (*modules, *more)}


_RECONSTRUCT = _numpy("_reconstruct")
_FROM_BUFFER = _numpy("_frombuffer")
_SCALAR = _numpy("scalar")
_DTYPE = {"numpy": frozenset({"dtype"})}
_ENCODE = {"_codecs": frozenset({"encode"})}
_BYTES = {"builtins": frozenset({"bytes"}), "__builtin__": frozenset({"bytes"})}


def is_numpy_array(value: object) -> bool:
    """Whether a value is a pickled numpy array."""
    return isinstance(value, Record) and (
        value.is_call_of(_RECONSTRUCT) or value.is_call_of(_FROM_BUFFER)
    )


def read_numpy_array(value: object) -> np.ndarray:
    """A pickled numpy array of any rank, without copying its bytes where they are bytes."""
    if not isinstance(value, Record) or not is_numpy_array(value):
        raise CheckpointError(f"needs a numpy array; got {describe(value)}")
    if value.is_call_of(_FROM_BUFFER):
        if len(value.args) != 4:
            raise CheckpointError("needs four arguments for a numpy array; got another number")
        raw, dtype, shape, order = value.args
        return _build(raw, dtype, shape, fortran=order == "F")
    state = value.state
    if value.args[:1] and not _is_ndarray(value.args[0]):
        raise CheckpointError(f"needs a plain numpy array; got {describe(value.args[0])}")
    if not isinstance(state, tuple) or len(state) != 5:
        raise CheckpointError("needs the state of a numpy array in five parts; got another")
    _, shape, dtype, fortran, raw = state
    return _build(raw, dtype, shape, fortran=fortran is True or fortran == 1)


def read_number(value: object) -> int | float | bool | None:
    """A plain number, or a pickled numpy scalar as one; None when it is neither."""
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Record) and value.is_call_of(_SCALAR) and len(value.args) == 2:
        dtype, raw = value.args
        return _build(raw, dtype, (), fortran=False).item()
    return None


def check_shape(shape: object) -> tuple[int, ...]:
    """A shape out of a file as a tuple of ints, of rank and extents that a tensor can have."""
    extents = shape if isinstance(shape, (tuple, list)) else (shape,)
    if len(extents) > _LARGEST_RANK:
        raise CheckpointError(f"needs at most {_LARGEST_RANK} dimensions; got {len(extents)}")
    checked: list[int] = []
    for extent in extents:
        if type(extent) is not int or not 0 <= extent <= _LARGEST_EXTENT:
            raise CheckpointError(f"needs sizes from 0 to 2**40 in a shape; got {quote(extent)}")
        checked.append(extent)
    return tuple(checked)


def _is_ndarray(value: object) -> bool:
    return isinstance(value, Global) and (value.module, value.name) == ("numpy", "ndarray")


def _build(raw: object, dtype_record: object, shape: object, fortran: bool) -> np.ndarray:
    dtype = _read_dtype(dtype_record)
    extents = check_shape(shape)
    data = read_bytes(raw)
    needed = math.prod(extents) * dtype.itemsize
    if len(data) != needed:
        raise CheckpointError(
            f"needs {quote(needed)} bytes for a numpy array of shape {extents}; got {len(data)}"
        )
    order = "F" if fortran else "C"
    return np.frombuffer(data, dtype).reshape(extents, order=order)


def _read_dtype(value: object) -> np.dtype:
    if not isinstance(value, Record) or not value.is_call_of(_DTYPE) or not value.args:
        raise CheckpointError(f"needs a numpy dtype; got {describe(value)}")
    code = value.args[0]
    if not isinstance(code, str) or code.lstrip("<>=|") not in _DTYPES:
        raise CheckpointError(
            f"needs an array of plain numbers; got dtype {quote(code)}; object arrays are refused"
        )
    byte_order = "="
    if value.state is not None:
        state = value.state
        if not isinstance(state, tuple) or len(state) < 5 or any(s is not None for s in state[2:5]):
            raise CheckpointError("needs a dtype without fields; got a structured one")
        byte_order = state[1]
        if byte_order not in ("<", ">", "=", "|"):
            raise CheckpointError(f"needs a byte order; got {quote(byte_order)}")
    dtype = np.dtype(code)
    return dtype.newbyteorder(byte_order) if byte_order in "<>" else dtype


def read_bytes(value: object) -> bytes | memoryview:
    """Bytes, or protocol 2's way to write them: _codecs.encode(text, 'latin1')."""
    if isinstance(value, (bytes, memoryview)):
        return value
    if isinstance(value, Record) and value.is_call_of(_ENCODE) and len(value.args) == 2:
        text, codec = value.args
        if isinstance(text, str) and codec in ("latin1", "latin-1"):
            try:
                return text.encode("latin-1")
            except UnicodeEncodeError:
                raise CheckpointError("needs latin-1 text for bytes; got other signs") from None
    if isinstance(value, Record) and value.is_call_of(_BYTES) and not value.args:
        return b""
    raise CheckpointError(f"needs bytes; got {describe(value)}")
