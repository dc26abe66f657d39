"""Files written by torch.save, both layouts, into values and inert records with their storages.

In: the bytes of a file. Zip layout (torch 1.6 and later): `<name>/data.pkl` and one stored member
per storage. Legacy layout: three small pickles, the object's pickle, a list of keys, the storages.
Out: a `Document`. torch itself is not involved. Members of a zip must be stored, not deflated,
lie inside the file and not overlap, so that a small file cannot become a large one; of those that
are read, the checksum is compared.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.pickle_reader import read_pickle
from synth.checkpoints.records import PersistentId, Record
from synth.checkpoints.torch_records import (
    LEGACY_MAGIC,
    StorageKind,
    check_storage_id,
    decode_storage,
    read_legacy_head,
    read_legacy_storages,
)

_MOST_MEMBERS = 100_000
_LOCAL_HEADER = struct.Struct("<4s22xHH")


@dataclass(frozen=True)
class Document:
    """What a checkpoint file holds: one value, and the storages that its tensors point into."""

    value: object
    layout: str
    storages: dict[str, np.ndarray] = field(default_factory=dict)


def read_document(data: memoryview, file: BinaryIO) -> Document:
    """The content of a checkpoint of any pickle-based layout; `data` are the bytes of `file`.

    Raises CheckpointError when the head is none of them, or anything in the file is wrong.
    """
    head = bytes(data[:8])
    if head.startswith(b"PK\x03\x04"):
        return _read_zip(data, file)
    if head[:1] != b"\x80":
        raise CheckpointError(_explain_head(head))
    value, end = read_pickle(data)
    if type(value) is int and value == LEGACY_MAGIC:
        return _read_legacy(data)
    if end != len(data):
        raise CheckpointError(f"needs one pickle of {end} bytes; got {len(data) - end} more bytes")
    return Document(value, "pickle")


def _explain_head(head: bytes) -> str:
    known = {
        b"\x89HDF": "an HDF5 file",
        b"\x1f\x8b": "a gzip file; try unpacking it first",
        b"BZh": "a bzip2 file; try unpacking it first",
        b"7z\xbc\xaf": "a 7z file; try unpacking it first",
        b"<": "a web page; try downloading the file again",
        b"version ": "a Git LFS pointer; try `git lfs pull`",
    }
    found = next((what for mark, what in known.items() if head.startswith(mark)), None)
    found = found or f"a file that begins with {head.hex(' ') or 'nothing'}"
    return f"needs a pickle or a torch file; got {found}"


def _read_legacy(data: memoryview) -> Document:
    position = read_legacy_head(data)
    value, position = read_pickle(data, position, allow_persistent_ids=True)
    kinds = _collect_storage_kinds(value)
    return Document(value, "torch legacy", read_legacy_storages(data, position, kinds))


def _collect_storage_kinds(value: object) -> dict[str, StorageKind]:
    """Every storage that a value points to; iterative, each container once, whatever the depth."""
    kinds: dict[str, StorageKind] = {}
    for pointer in _iterate_pointers(value):
        key, kind = check_storage_id(pointer)
        if kinds.setdefault(key, kind) != kind:
            raise CheckpointError(f"needs one size and type of storage {quote(key)}; got two")
    return kinds


def _iterate_pointers(value: object) -> Iterator[PersistentId]:
    seen: set[int] = set()
    todo = [value]
    while todo:
        item = todo.pop()
        if not isinstance(item, (Record, PersistentId, dict, list, tuple)) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, PersistentId):
            yield item
        elif isinstance(item, Record):
            todo += [item.args, item.kwargs, item.state, item.appended, item.items]
        else:
            todo += item.values() if isinstance(item, dict) else item


def _read_zip(data: memoryview, file: BinaryIO) -> Document:
    members = _list_members(data, file)
    pickles = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise CheckpointError(
            f"needs a torch file with one data.pkl inside; got a zip file with {len(pickles)}"
        )
    folder = pickles[0][: -len("data.pkl")]
    if any(name.startswith(folder + "code/") for name in members):
        raise CheckpointError("needs saved tensors; got a TorchScript program; nothing was run")
    order = folder + "byteorder"
    if order in members and bytes(members[order].read()) != b"little":
        raise CheckpointError("needs a little-endian torch file; got another byte order")
    content = members[pickles[0]].read()
    value, end = read_pickle(content, allow_persistent_ids=True)
    if end != len(content):
        raise CheckpointError("needs one pickle in data.pkl; got more bytes after it")
    storages = {}
    for key, kind in _collect_storage_kinds(value).items():
        name = f"{folder}data/{key}"
        if name not in members:
            raise CheckpointError(f"needs the member {quote(name)}; got none in the zip file")
        storages[key] = decode_storage(members[name].read(), kind)
    return Document(value, "torch zip", storages)


@dataclass(frozen=True)
class _Member:
    """A stored part of a zip file; `checksum` as the directory has it, None where it has none."""

    name: str
    data: memoryview
    checksum: int | None

    def read(self) -> memoryview:
        """Its bytes, whose checksum is right."""
        if self.checksum is not None and zlib.crc32(self.data) != self.checksum:
            raise CheckpointError(
                f"needs the zip member {quote(self.name)} as it was written; got other bytes, its "
                "checksum differs; try downloading or copying the file again"
            )
        return self.data


def _list_members(data: memoryview, file: BinaryIO) -> dict[str, _Member]:
    """Each member by name, from the zip's directory, its place checked against the file."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise CheckpointError(
            f"needs a whole zip file; got a broken or cut off one ({quote(str(error))})"
        ) from None
    if len(entries) > _MOST_MEMBERS:
        raise CheckpointError(f"needs at most {_MOST_MEMBERS} zip members; got {len(entries)}")
    # After `torch.serialization.set_crc32_options(False)` torch writes no checksums at all.
    has_checksums = any(entry.CRC for entry in entries)
    members: dict[str, _Member] = {}
    end_of_last = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = quote(entry.filename)
        if entry.filename in members:
            raise CheckpointError(f"needs each zip member once; got {name} twice")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise CheckpointError(f"needs stored zip members; got {name}, which is compressed")
        if entry.flag_bits & 0x1:
            raise CheckpointError(f"needs plain zip members; got {name}, which is encrypted")
        start = entry.header_offset
        end = start + _LOCAL_HEADER.size
        if start < end_of_last or end > len(data):
            raise CheckpointError(f"needs zip members side by side; got {name} in another's place")
        mark, name_length, extra_length = _LOCAL_HEADER.unpack(data[start:end])
        start = end + name_length + extra_length
        end_of_last = start + entry.file_size
        if mark != b"PK\x03\x04" or end_of_last > len(data):
            raise CheckpointError(f"needs the zip member {name} inside the file; got beyond it")
        checksum = entry.CRC if has_checksums else None
        members[entry.filename] = _Member(entry.filename, data[start:end_of_last], checksum)
    return members
