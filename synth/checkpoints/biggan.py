"""BigGAN-deep's generator in the PyTorch state dict that Hugging Face converted from DeepMind's.

In: a dict of tensors. Out: a `Network` under our names. Kernels stand there as they were trained,
with the vectors of their spectral norm beside them (Miyato et al. 2018): the kernel that is meant
is W / (u^T W v). It is divided out here, once. Of the last convolution's outputs only the first
three are colours; the rest is never looked at and dropped.
"""

from __future__ import annotations

import re

import numpy as np

from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.records import as_mapping, is_mapping
from synth.checkpoints.sources import ConfigEntries, Conversion, Network, Tensors, read_state
from synth.checkpoints.torch_files import Document

_MARK = "generator.gen_z.weight_orig"
_LAYER = re.compile(r"layers\.(\d+)\.(.+)")
_IMAGENET_CLASSES = 1000


def is_biggan(value: object) -> bool:
    """Whether a value is a state dict with the tensors of such a generator."""
    return is_mapping(value) and _MARK in as_mapping(value, "the checkpoint")


def convert_biggan(document: Document) -> Conversion:
    """The generator with plain kernels. Raises CheckpointError for a state that is not whole."""
    state = read_state(document.value, document.storages, "the checkpoint")
    if "embeddings.weight" not in state:
        raise CheckpointError("needs the embeddings of a BigGAN's classes; got none")
    plain = _divide_by_norms(state)
    tensors, attention = _rename(plain)
    return Conversion(
        "pytorch-pretrained-biggan",
        Network(tensors, _describe(tensors, attention)),
        notes=("the weights hold no discriminator",),
        architecture="biggan-deep",
    )


def _divide_by_norms(state: Tensors) -> Tensors:
    """Kernels divided by their spectral norm u^T W v, under plain names."""
    plain: Tensors = {}
    for name, tensor in state.items():
        stem, _, kind = name.rpartition(".")
        if kind in ("weight_u", "weight_v"):
            continue
        if kind != "weight_orig":
            plain[name] = tensor
            continue
        matrix = tensor.reshape(len(tensor), -1).astype(np.float64)
        u, v = (state.get(f"{stem}.{vector}") for vector in ("weight_u", "weight_v"))
        if u is None or u.shape != (matrix.shape[0],):
            raise CheckpointError(f"needs the vector weight_u of {quote(stem)}; got none that fits")
        if v is None:  # older files have u alone; v follows from it
            v = matrix.T @ u
            v = v / max(float(np.linalg.norm(v)), 1e-12)
        if v.shape != (matrix.shape[1],):
            raise CheckpointError(f"needs the vector weight_v of {quote(stem)}; got another shape")
        norm = float(u.astype(np.float64) @ matrix @ v.astype(np.float64))
        if not norm > 0:
            raise CheckpointError(f"needs a spectral norm above 0 for {quote(stem)}; got another")
        plain[f"{stem}.weight"] = (tensor / norm).astype(np.float32)
    return plain


def _rename(plain: Tensors) -> tuple[Tensors, int | None]:
    """Our names, and before which block attention stands."""
    matches = {name: _LAYER.fullmatch(name.removeprefix("generator.")) for name in plain}
    attends = {int(m[1]) for name, m in matches.items() if m and m[2].startswith("snconv1x1_")}
    if len(attends) > 1:
        raise CheckpointError(f"needs one attention layer at most; got {len(attends)}")
    attention = attends.pop() if attends else None
    tensors: Tensors = {}
    for name, tensor in plain.items():
        short, match = name.removeprefix("generator."), matches[name]
        if match is None:
            network = "synthesis" if name.startswith("generator.") else "mapping"
            tensors[f"{network}.{short}"] = tensor
        elif int(match[1]) == attention:
            renamed = match[2].replace("snconv1x1_", "")
            tensors[f"synthesis.attention.{renamed}"] = tensor
        else:
            after = attention is not None and int(match[1]) > attention
            tensors[f"synthesis.block{int(match[1]) - after}.{match[2]}"] = tensor
    for name in ("synthesis.conv_to_rgb.weight", "synthesis.conv_to_rgb.bias"):
        if name not in tensors or len(tensors[name]) < 3:
            raise CheckpointError("needs a last convolution with three colours; got none")
        tensors[name] = np.ascontiguousarray(tensors[name][:3])
    return tensors, attention


def _describe(tensors: Tensors, attention: int | None) -> ConfigEntries:
    """The sizes, read off the shapes."""
    channels = []
    while (name := f"synthesis.block{len(channels)}.bn_0.running_means") in tensors:
        channels.append(_shape(tensors, name)[1])
    last, z_rows = _shape(tensors, "synthesis.bn.running_means"), "mapping.embeddings.weight"
    embedding_dim, classes = _shape(tensors, z_rows)
    condition = _shape(tensors, "synthesis.gen_z.weight")[1]
    entries: ConfigEntries = {
        "channels": [*channels, last[1]],
        "c_dim": classes,
        "z_dim": condition - embedding_dim,
        "embedding_dim": embedding_dim,
        "attention": attention,
        "statistics": last[0],
    }
    if classes == _IMAGENET_CLASSES:
        entries["vocabulary"] = "imagenet"
    return entries


def _shape(tensors: Tensors, name: str) -> tuple[int, int]:
    if name not in tensors or tensors[name].ndim != 2:
        raise CheckpointError(f"needs the tensor {name} of a BigGAN; got none of two dimensions")
    rows, columns = tensors[name].shape
    return rows, columns
