"""Starts the child process that reads foreign checkpoints, and bounds what it may use.

The child gets two open files and nothing else: the source to read and the output to write. It
runs with Python's isolated mode, an almost empty environment and no site packages' start-up code,
under limits of memory, CPU time, output size and wall time (see `sandbox`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from synth.checkpoints.errors import CheckpointError, quote

_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from synth.checkpoints.child import main; main()"
)
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "PATH")
_LONGEST_REPORT = 65536


@dataclass(frozen=True)
class ChildLimits:
    """What the child may use: a base, and a share of the source's size.

    A second of CPU time reads some hundred megabytes; what is far slower is made to be.
    Protocol 2 holds arrays as text, which is decoded and encoded again: two copies beside the file.
    """

    memory_bytes: int = 1 << 30
    memory_per_byte: int = 6
    output_bytes: int = 1 << 24
    output_per_byte: int = 4
    cpu_s: int = 30
    cpu_s_per_gib: int = 200
    wall_s: float = 600


@dataclass(frozen=True)
class ChildTask:
    """What the child shall do: kind 'generator' converts a network, 'tensors' collects all."""

    kind: str
    name: str
    sha256: str


@dataclass(frozen=True)
class ChildReport:
    """How it went: the format that was found, notes for people, and the sandbox's layers."""

    source_format: str
    notes: tuple[str, ...]
    sandbox: tuple[str, ...]


def run_child(
    task: ChildTask,
    source: BinaryIO,
    output: BinaryIO,
    limits: ChildLimits = ChildLimits(),
) -> ChildReport:
    """Let the child read `source` and write safetensors to `output`; both are real files.

    Raises CheckpointError with the child's own words, or with what ended it.
    """
    size = os.fstat(source.fileno()).st_size
    bounds = {
        "memory_bytes": limits.memory_bytes + limits.memory_per_byte * size,
        "output_bytes": limits.output_bytes + limits.output_per_byte * size,
        "cpu_s": limits.cpu_s + limits.cpu_s_per_gib * size // (1 << 30),
    }
    source.seek(0)
    with tempfile.TemporaryFile() as report:
        try:
            status = subprocess.run(
                _command(json.dumps({**asdict(task), **bounds})),
                stdin=source,
                stdout=output,
                stderr=report,
                env=_environment(),
                timeout=limits.wall_s,
                close_fds=True,
            ).returncode
        except subprocess.TimeoutExpired:
            raise CheckpointError(
                f"needs at most {limits.wall_s} s to read; took longer and was stopped"
            ) from None
        report.seek(0)
        text = report.read(_LONGEST_REPORT)
    return _read_report(text, status, bounds["cpu_s"])


def _command(task: str) -> list[str]:
    paths = [str(_ROOT), *(path for path in sys.path if os.path.isabs(path))]
    # -I: no environment, no current folder; -S: no site start-up code; -B: writes no bytecode.
    return [sys.executable, "-I", "-S", "-B", "-c", _START, json.dumps(paths), task]


def _environment() -> Mapping[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # One thread: the child has no right to start more.
    return {**passed, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _read_report(text: bytes, status: int, cpu_s: int) -> ChildReport:
    try:
        found = json.loads(text)
    except ValueError:
        raise CheckpointError(_explain_end(text, status, cpu_s)) from None
    if not isinstance(found, dict) or status != 0:
        raise CheckpointError(_explain_end(text, status, cpu_s))
    if "error" in found:
        raise CheckpointError(str(found["error"]))
    return ChildReport(
        str(found.get("format")),
        tuple(str(note) for note in found.get("notes", [])),
        tuple(str(layer) for layer in found.get("sandbox", [])),
    )


def _explain_end(text: bytes, status: int, cpu_s: int) -> str:
    """Why a child ended without a report."""
    last = text.decode("utf-8", "replace").strip().splitlines()[-1:]
    if status in (-9, -24):  # SIGKILL and SIGXCPU: the limits of the kernel
        return f"needs at most {cpu_s} s of CPU time and the memory allowed; was stopped"
    said = f"; it said {quote(last[0], 300)}" if last else ""
    return f"needs a file that can be read; the reading process ended with status {status}{said}"
