"""The process that reads foreign checkpoints: source on stdin, safetensors on stdout.

Started by `isolation.run_child`; arguments are one JSON object, the `ChildTask`. The source must
be a file, not a pipe. When all is read and written, one JSON object on stderr tells the outcome:
{"error": text} or {"format": ..., "notes": [...], "sandbox": [...]}. Everything that is needed is
imported before the sandbox closes, torch is not, and nothing is opened here: the parent opens both
files. Nothing but tensors and their names goes back.
"""

from __future__ import annotations

import codecs
import io
import json
import mmap
import os
import sys
import zipfile
from typing import BinaryIO

import numpy as np

from synth.checkpoints.conversion import collect, convert
from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.safetensors_stream import NATIVE_FORMAT, write_safetensors
from synth.checkpoints.sandbox import forbid_audited_events, forbid_system_calls, limit_resources
from synth.checkpoints.sources import Conversion, Network, Tensors


def main() -> None:
    """Run the task in argv[1] and report on stderr; the exit status is 0 when that worked."""
    task = json.loads(sys.argv[1])
    source = os.fdopen(0, "rb", closefd=False)
    output = os.fdopen(1, "wb", closefd=False)
    data = memoryview(mmap.mmap(0, 0, access=mmap.ACCESS_READ))
    sandbox = _enter_sandbox(task)
    try:
        report = _run(task, data, source, output)
        output.flush()
    except MemoryError:
        report = {"error": f"needs more than the {task['memory_bytes'] >> 20} MiB allowed for it"}
    except CheckpointError as error:
        report = {"error": str(error)}
    except OSError as error:
        report = {"error": f"needs room for the converted file; got {quote(str(error))}"}
    except Exception as error:
        report = {"error": f"needs a checkpoint; got {type(error).__name__}: {quote(str(error))}"}
    os.write(2, json.dumps({**report, "sandbox": sandbox}).encode("ascii"))
    # Not through the interpreter's shutdown, which would free a crafted nesting one by one.
    os._exit(0)


def _enter_sandbox(task: dict) -> list[str]:
    _warm_up()
    layers = {
        "limits": limit_resources(task["memory_bytes"], task["cpu_s"], task["output_bytes"]),
        "system calls": forbid_system_calls(),
    }
    forbid_audited_events()
    return [*(name for name, active in layers.items() if active), "audit hook"]


def _warm_up() -> None:
    """numpy and the zip reader import parts of themselves at first use; that must be before."""
    array = np.zeros((2, 3), np.float32)
    write_safetensors(io.BytesIO(), {"array": array.T}, {})
    np.random.default_rng(0).standard_normal((2, 2), np.float32).mean(axis=0)
    np.allclose(array @ array.T, 0)
    # Names in a zip are in this encoding unless they are marked as UTF-8.
    codecs.lookup("cp437")
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        archive.writestr("name", b"")


def _run(task: dict, data: memoryview, source: BinaryIO, output: BinaryIO) -> dict:
    if task["kind"] == "tensors":
        tensors = collect(data, source)
        _check_size(tensors, task)
        write_safetensors(output, tensors, {})
        return {"format": "tensors", "notes": []}
    conversion = convert(data, source)
    tensors = _prepare("generator", conversion.generator)
    if conversion.discriminator is not None:
        tensors.update(_prepare("discriminator", conversion.discriminator))
    _check_size(tensors, task)
    write_safetensors(output, tensors, _describe(conversion, task))
    return {"format": conversion.source_format, "notes": list(conversion.notes)}


def _prepare(prefix: str, network: Network) -> Tensors:
    """Weights as finite float16 or float32 under a prefix."""
    prepared: Tensors = {}
    for name, tensor in network.tensors.items():
        if tensor.dtype.kind != "f":
            raise CheckpointError(f"needs real numbers in {quote(name)}; got {tensor.dtype}")
        if not tensor.size:
            raise CheckpointError(f"needs weights in {quote(name)}; got none, shape {tensor.shape}")
        narrow = tensor if tensor.itemsize <= 4 else tensor.astype(np.float32)
        if not np.isfinite(narrow).all():
            raise CheckpointError(f"needs finite weights; got NaN or infinity in {quote(name)}")
        prepared[f"{prefix}.{name}"] = narrow
    return prepared


def _check_size(tensors: Tensors, task: dict) -> None:
    total = sum(tensor.nbytes for tensor in tensors.values())
    if total > task["output_bytes"] // 2:
        raise CheckpointError(
            f"needs tensors of at most {task['output_bytes'] // 2} bytes; got {total}: they share "
            "their storages"
        )


def _describe(conversion: Conversion, task: dict) -> dict[str, str]:
    """The header of a native checkpoint."""
    config = conversion.generator.config
    metadata = {
        "format": NATIVE_FORMAT,
        "architecture": conversion.architecture,
        "config": json.dumps(config, sort_keys=True),
        "name": task["name"],
        "source_sha256": task["sha256"],
        "source_format": conversion.source_format,
        "notes": "; ".join(conversion.notes),
    }
    if conversion.discriminator is not None:
        own = ("channels", "channel_base", "channel_max", "conv_clamp")
        shared = {key: value for key, value in config.items() if key not in own}
        merged = {**shared, **conversion.discriminator.config}
        metadata["discriminator_config"] = json.dumps(merged, sort_keys=True)
    return metadata


if __name__ == "__main__":
    main()
