"""Networks in the `.pt` files of rosinality/stylegan2-pytorch: dicts of state dicts.

Converted checkpoints hold g_ema (and latent_avg); training checkpoints hold g, d, g_ema and the
optimisers' states, which are ignored. The averaged network g_ema is the generator. The weights are
those of NVIDIA's code under other names, with a leading dimension of one here and there. A file
without latent_avg gets a mean latent estimated from random z, as that code does when it truncates.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from synth.checkpoints.architecture import (
    drop_filters,
    infer_discriminator_config,
    infer_generator_config,
)
from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.records import as_mapping, is_mapping
from synth.checkpoints.sources import (
    Conversion,
    Network,
    Tensors,
    is_array,
    read_array,
    read_state,
)
from synth.checkpoints.torch_files import Document

LR_MULTIPLIER = 0.01
_SAMPLES = 10_000


def is_rosinality(value: object) -> bool:
    """Whether a value is such a checkpoint, or a bare state dict of such a generator."""
    if not is_mapping(value):
        return False
    entries = as_mapping(value, "the checkpoint")
    return is_mapping(entries.get("g_ema")) or is_mapping(entries.get("g")) or _is_bare(entries)


def _is_bare(entries: dict) -> bool:
    return "style.1.weight" in entries and "input.input" in entries


def convert_rosinality(document: Document) -> Conversion:
    """g_ema, and d where it is there."""
    entries = as_mapping(document.value, "the checkpoint")
    notes: list[str] = []
    name = "g_ema" if is_mapping(entries.get("g_ema")) else "g"
    if not _is_bare(entries) and name == "g":
        notes.append("the file holds no averaged generator g_ema; g was taken")
    source = entries if _is_bare(entries) else entries[name]
    tensors = _rename(read_state(source, document.storages, name), _name_in_generator)
    if is_array(entries.get("latent_avg")):
        tensors["mapping.w_avg"] = read_array(entries["latent_avg"], document.storages).reshape(-1)
    else:
        tensors["mapping.w_avg"] = estimate_mean_latent(tensors)
        notes.append(f"the file holds no latent_avg; it was estimated from {_SAMPLES} samples")
    generator = Network(tensors, infer_generator_config(tensors, LR_MULTIPLIER))
    if not is_mapping(entries.get("d")):
        notes.append("the file holds no discriminator")
        return Conversion("rosinality", generator, None, tuple(notes))
    try:
        state = read_state(entries["d"], document.storages, "d")
        discriminator = _convert_discriminator(state)
    except CheckpointError as error:
        notes.append(f"the discriminator was left out: {error}")
        return Conversion("rosinality", generator, None, tuple(notes))
    return Conversion("rosinality", generator, discriminator, tuple(notes))


def estimate_mean_latent(tensors: Tensors) -> np.ndarray:
    """The mean of w over standard normal z, by the mapping network of `tensors`, in float32."""
    weights = []
    while f"mapping.fc{len(weights)}.weight" in tensors:
        prefix = f"mapping.fc{len(weights)}"
        weights.append((tensors[prefix + ".weight"], tensors.get(prefix + ".bias")))
    width = weights[0][0].shape[-1] if weights else 0
    x = np.random.default_rng(0).standard_normal((_SAMPLES, width), np.float32)
    x /= np.sqrt(np.mean(x * x, axis=1, keepdims=True) + 1e-8)
    for weight, bias in weights:
        if weight.ndim != 2 or weight.shape[1] != x.shape[1] or bias is None:
            raise CheckpointError("needs mapping layers that fit together; got other shapes")
        gain = np.float32(LR_MULTIPLIER / np.sqrt(weight.shape[1]))
        x = x @ (weight.astype(np.float32).T * gain) + bias * np.float32(LR_MULTIPLIER)
        x = np.where(x < 0, 0.2 * x, x).astype(np.float32) * np.float32(np.sqrt(2))
    return x.mean(axis=0)


def _convert_discriminator(state: Tensors) -> Network:
    blocks = sum(bool(re.fullmatch(r"convs\.\d+\.skip\.1\.weight", name)) for name in state)
    largest = 4 << blocks
    tensors = _rename(state, lambda name: _name_in_discriminator(name, largest))
    return Network(tensors, infer_discriminator_config(tensors))


def _rename(state: Tensors, rename: Callable[[str], str]) -> Tensors:
    """Tensors under their new names; leading ones and trailing spatial ones are dropped by name."""
    renamed: Tensors = {}
    for name, tensor in drop_filters(state).items():
        renamed[rename(name)] = _reshape(name, tensor)
    return renamed


def _reshape(name: str, tensor: np.ndarray) -> np.ndarray:
    if name == "input.input" or (name.endswith(".conv.weight") and tensor.ndim == 5):
        return tensor[0] if tensor.shape[0] == 1 else tensor
    if name.startswith("noises."):
        return tensor.reshape(tensor.shape[-2:])
    if name.endswith(".noise.weight") and tensor.size == 1:
        return tensor.reshape(())
    if name.startswith("to_rgb") and name.endswith(".bias") and "modulation" not in name:
        return tensor.reshape(-1)
    return tensor


_LAYER_ENDINGS = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
    "bias": "bias",
}


def _name_in_generator(name: str) -> str:
    """`convs.1.noise.weight` -> `synthesis.b8.conv1.noise_strength`."""
    if name == "input.input":
        return "synthesis.b4.const"
    if match := re.fullmatch(r"style\.(\d{1,2})\.(weight|bias)", name):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}"
    if match := re.fullmatch(r"noises\.noise_(\d{1,2})", name):
        index = int(match[1]) + 1
        return f"synthesis.b{4 << (index // 2)}.conv{index % 2}.noise_const"
    match = re.fullmatch(r"(conv1|to_rgb1|convs\.(\d{1,2})|to_rgbs\.(\d{1,2}))\.(.+)", name)
    if not match or match[4] not in _LAYER_ENDINGS:
        raise _unknown(name)
    if match[2] is not None:
        index = int(match[2])
        layer = f"b{8 << (index // 2)}.conv{index % 2}"
    elif match[3] is not None:
        layer = f"b{8 << int(match[3])}.torgb"
    else:
        layer = {"conv1": "b4.conv1", "to_rgb1": "b4.torgb"}[match[1]]
    return f"synthesis.{layer}.{_LAYER_ENDINGS[match[4]]}"


_BLOCK_ENDINGS = {
    "conv1.0.weight": "conv0.weight",
    "conv1.1.bias": "conv0.bias",
    "conv2.1.weight": "conv1.weight",
    "conv2.2.bias": "conv1.bias",
    "skip.1.weight": "skip.weight",
}


def _name_in_discriminator(name: str, largest: int) -> str:
    """`convs.1.conv2.1.weight` -> `b<largest>.conv1.weight`; the first block reads RGB."""
    ends = {
        "convs.0.0.weight": f"b{largest}.fromrgb.weight",
        "convs.0.1.bias": f"b{largest}.fromrgb.bias",
        "final_conv.0.weight": "b4.conv.weight",
        "final_conv.1.bias": "b4.conv.bias",
        "final_linear.0.weight": "b4.fc.weight",
        "final_linear.0.bias": "b4.fc.bias",
        "final_linear.1.weight": "b4.out.weight",
        "final_linear.1.bias": "b4.out.bias",
    }
    if name in ends:
        return ends[name]
    match = re.fullmatch(r"convs\.([1-9]\d?)\.(.+)", name)
    if not match or match[2] not in _BLOCK_ENDINGS:
        raise _unknown(name)
    return f"b{largest >> (int(match[1]) - 1)}.{_BLOCK_ENDINGS[match[2]]}"


def _unknown(name: str) -> CheckpointError:
    return CheckpointError(f"needs the tensors of a StyleGAN2; got {quote(name)} as well")
