"""Which of the known checkpoints a file is, and its conversion; runs inside the child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from synth.checkpoints.biggan import convert_biggan, is_biggan
from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.nvidia_tensorflow import convert_nvidia_tensorflow, is_nvidia_tensorflow
from synth.checkpoints.nvidia_torch import convert_nvidia_torch, is_nvidia_torch
from synth.checkpoints.records import as_mapping, describe, is_mapping
from synth.checkpoints.rosinality import convert_rosinality, is_rosinality
from synth.checkpoints.sources import Conversion, Tensors, collect_tensors
from synth.checkpoints.torch_files import Document, read_document

_CONVERTERS: list[tuple[Callable[[object], bool], Callable[[Document], Conversion]]] = [
    (is_nvidia_torch, convert_nvidia_torch),
    (is_nvidia_tensorflow, convert_nvidia_tensorflow),
    (is_rosinality, convert_rosinality),
    (is_biggan, convert_biggan),
]


def convert(data: memoryview, file: BinaryIO) -> Conversion:
    """The generator in a checkpoint; `data` are the bytes of `file`.

    Raises CheckpointError for a file that is broken, refused, or no generator that we know.
    """
    document = read_document(data, file)
    for matches, converter in _CONVERTERS:
        if matches(document.value):
            return converter(document)
    value = document.value
    found = describe(value)
    if is_mapping(value):
        keys = [quote(key, 40) for key in list(as_mapping(value, "the checkpoint"))[:8]]
        found = f"a dict with {', '.join(keys) or 'nothing in it'}"
    raise CheckpointError(
        "needs a StyleGAN2 or StyleGAN3 of NVIDIA's code, a StyleGAN2 of rosinality's, or a "
        f"BigGAN-deep of Hugging Face's; got {found}; a NVIDIA file has G_ema or is a tuple "
        "(G, D, Gs), a rosinality file has g_ema"
    )


def collect(data: memoryview, file: BinaryIO) -> Tensors:
    """Every tensor of a checkpoint by its path, whatever it is a checkpoint of."""
    document = read_document(data, file)
    return collect_tensors(document.value, document.storages)
