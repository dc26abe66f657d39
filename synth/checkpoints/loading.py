"""Any supported checkpoint -> our safetensors; foreign ones go through the child process.

Conversions are kept under the user's cache folder by the source's sha256, so the second load of a
file opens the converted safetensors at once. Beside each lies the sha256 of what was written; a
conversion that is not that any more is made again. Whether networks can be built of what was
written is for the caller to say: a `Check` is passed in.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from synth.checkpoints.errors import CheckpointError
from synth.checkpoints.isolation import ChildLimits, ChildReport, ChildTask, run_child
from synth.storage.assets import find_cache_folder, hash_file
from synth.storage.atomic import write_atomically, write_text_atomically

#: Part of a conversion's file name; raise it whenever a converter's output changes.
CONVERTER_VERSION = 3
_LARGEST_FILE = 1 << 34

#: Raises CheckpointError naming the file unless its networks could be built.
Check = Callable[[Path], None]


def read_tensors(
    path: str | Path,
    limits: ChildLimits = ChildLimits(),  # noqa: B008 (frozen)
) -> dict[str, np.ndarray]:
    """Every tensor of a torch file or pickle by its path in it, such as 'photo.png/latent'.

    Read in the child process, from any nesting of dicts and lists; nothing of the file is run.
    Raises CheckpointError naming the file.
    """
    path = _check_file(Path(path))
    with tempfile.TemporaryDirectory() as folder:
        converted = Path(folder) / "tensors.safetensors"
        _run(path, converted, ChildTask("tensors", path.stem, ""), limits)
        return load_file(converted)


def convert_file(
    source: str | Path,
    destination: str | Path,
    check: Check,
    limits: ChildLimits = ChildLimits(),  # noqa: B008 (frozen)
) -> ChildReport:
    """Write a foreign checkpoint as a native one, whole or not at all; how that went.

    What does not pass the check never gets its final name.
    Raises CheckpointError naming `source`, OSError naming `destination`.
    """
    source = _check_file(Path(source))
    if is_safetensors(source):
        raise CheckpointError(f"{source}: needs a foreign checkpoint; got safetensors already")
    task = ChildTask("generator", source.stem, hash_file(source))
    with write_atomically(destination) as temporary:
        report = _run(source, temporary, task, limits)
        with naming(temporary, source):
            check(temporary)
    return report


def is_safetensors(path: Path) -> bool:
    """Whether a file begins like one: a plausible header length, then a JSON object."""
    with open(path, "rb") as file:
        head = file.read(9)
    length = int.from_bytes(head[:8], "little")
    return path.suffix == ".safetensors" or (head[8:] == b"{" and length < 100_000_000)


def find_native(path: str | Path, check: Check, expected_sha256: str | None = None) -> Path:
    """The path itself, or the kept conversion of a foreign file, made now if need be.

    Raises CheckpointError naming the file when it is broken, refused, or not the one that
    `expected_sha256` stands for; FileNotFoundError when there is none.
    """
    path = _check_file(Path(path))
    if expected_sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", str(expected_sha256)):
        raise CheckpointError(
            f"{path}: needs a sha256 of 64 hexadecimal digits to expect; got {expected_sha256!r}; "
            "try leaving it out"
        )
    if is_safetensors(path) and expected_sha256 is None:
        return path
    sha256 = hash_file(path)
    if expected_sha256 is not None and sha256 != expected_sha256.lower():
        raise CheckpointError(
            f"{path}: needs the file with sha256 {expected_sha256}; got {sha256}; "
            "try downloading it again"
        )
    if is_safetensors(path):
        return path
    kept = find_cache_folder() / "converted" / f"{sha256}-v{CONVERTER_VERSION}.safetensors"
    record = kept.with_suffix(".sha256")
    if not _is_as_written(kept, record):
        convert_file(path, kept, check)
        write_text_atomically(record, hash_file(kept) + "\n")
    return kept


def _is_as_written(path: Path, record: Path) -> bool:
    """Whether a kept conversion is there, and its sha256 the one that was noted beside it."""
    try:
        return record.read_text(encoding="ascii").strip() == hash_file(path)
    except (OSError, ValueError):
        return False


@contextmanager
def naming(native: Path, source: Path) -> Iterator[None]:
    """Errors about a file that was made of `source` name the file that its owner knows."""
    try:
        yield
    except CheckpointError as error:
        text = str(error).removeprefix(f"{native}: ").removeprefix(f"{source}: ")
        raise CheckpointError(f"{source}: {text}") from None


def _check_file(path: Path) -> Path:
    """A readable, regular, non-empty file of a size that a checkpoint can have."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise FileNotFoundError(
            f"{path}: needs a checkpoint; got no such file ({error.strerror}); check the path"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise CheckpointError(f"{path}: needs a checkpoint file; got a folder or a device")
    if not 0 < status.st_size <= _LARGEST_FILE:
        raise CheckpointError(f"{path}: needs 1 byte to 16 GiB; got {status.st_size} bytes")
    return path


def _run(source: Path, destination: Path, task: ChildTask, limits: ChildLimits) -> ChildReport:
    try:
        with open(source, "rb") as reading, open(destination, "wb") as writing:
            return run_child(task, reading, writing, limits)
    except CheckpointError as error:
        raise CheckpointError(f"{source}: {error}") from None
