"""Writes a safetensors file tensor by tensor, with numpy alone.

The library's writer wants every tensor as bytes at once, and torch or its own compiled module
imported; the child process has a memory limit and should start at once. Format: a little-endian
64-bit length, a JSON header of that length padded with spaces to 8 bytes, the raw data.
https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

#: The value of "format" in the header of our own checkpoints.
NATIVE_FORMAT = "moodreel-generator"

_CODES = {
    "f2": "F16",
    "f4": "F32",
    "f8": "F64",
    "i1": "I8",
    "i2": "I16",
    "i4": "I32",
    "i8": "I64",
    "u1": "U8",
    "u2": "U16",
    "u4": "U32",
    "u8": "U64",
    "b1": "BOOL",
}


def write_safetensors(
    file: BinaryIO, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> None:
    """Write numeric arrays of any memory layout, names sorted, so equal input gives equal bytes."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    offset = 0
    # Wide numbers first: every tensor then begins at a multiple of its own item size.
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    for name in names:
        tensor = tensors[name]
        header[name] = {
            "dtype": _CODES[f"{tensor.dtype.kind}{tensor.itemsize}"],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for name in names:
        little = tensors[name].dtype.newbyteorder("<")
        dense = np.ascontiguousarray(tensors[name], little)
        file.write(dense.reshape(-1).view(np.uint8).data)
