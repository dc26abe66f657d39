"""The sizes of a StyleGAN2, read off its tensors, whose names are stylegan2-ada-pytorch's.

In: tensors by name, and what the source says beside them. Out: the entries of a StyleGAN2Config.
Shapes are the truth here: keyword arguments in a checkpoint may stem from another version of its
code. Whether all tensors are there and fit together is checked once more by the network itself,
which loads them strictly.
"""

from __future__ import annotations

import re

import numpy as np

from synth.checkpoints.errors import CheckpointError
from synth.checkpoints.sources import ConfigEntries, Tensors

#: [1, 3, 3, 1], normalised: the FIR filter of every published StyleGAN2.
_FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
_LARGEST_RESOLUTION = 8192


def infer_generator_config(tensors: Tensors, lr_multiplier: float = 0.01) -> ConfigEntries:
    """Sizes of a generator with `mapping.` and `synthesis.` tensors."""
    resolutions = _list_resolutions(tensors, r"synthesis\.b(\d+)\.conv1\.weight")
    channels = [_shape(tensors, f"synthesis.b{r}.conv1.weight", 4)[0] for r in resolutions]
    w_dim = _shape(tensors, "synthesis.b4.conv1.affine.weight", 2)[1]
    return {
        "resolution": resolutions[-1],
        **infer_mapping_config(tensors, w_dim, lr_multiplier),
        "img_channels": _shape(tensors, "synthesis.b4.torgb.weight", 4)[0],
        **_describe_channels(resolutions, channels),
    }


def infer_mapping_config(tensors: Tensors, w_dim: int, lr_multiplier: float) -> ConfigEntries:
    """Sizes of a mapping network of `mapping.` tensors, of StyleGAN2 or StyleGAN3."""
    depth = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in tensors)
    c_dim = (
        _shape(tensors, "mapping.embed.weight", 2)[1] if "mapping.embed.weight" in tensors else 0
    )
    width = _shape(tensors, "mapping.fc0.weight", 2)[1]
    return {
        "z_dim": width - (w_dim if c_dim else 0),
        "c_dim": c_dim,
        "w_dim": w_dim,
        "mapping_layers": depth,
        "mapping_lr_multiplier": lr_multiplier,
    }


def infer_discriminator_config(tensors: Tensors) -> ConfigEntries:
    """Sizes of a residual discriminator with `b{resolution}.` tensors."""
    resolutions = _list_resolutions(tensors, r"b(\d+)\.conv0\.weight", smallest=8)
    channels = [_shape(tensors, "b4.conv.weight", 4)[0]]
    channels += [_shape(tensors, f"b{r}.conv0.weight", 4)[0] for r in resolutions]
    c_dim = (
        _shape(tensors, "mapping.embed.weight", 2)[1] if "mapping.embed.weight" in tensors else 0
    )
    depth = sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", name)) for name in tensors)
    return {
        "resolution": resolutions[-1],
        "c_dim": c_dim,
        "img_channels": _shape(tensors, f"b{resolutions[-1]}.fromrgb.weight", 4)[1],
        **({"discriminator_mapping_layers": depth} if depth else {}),
        **_describe_channels([4, *resolutions], channels),
    }


def drop_filters(tensors: Tensors) -> Tensors:
    """The tensors without FIR filters, which must be the usual one at any scale."""
    kept: Tensors = {}
    for name, tensor in tensors.items():
        if name.rsplit(".", 1)[-1] not in ("resample_filter", "kernel"):
            kept[name] = tensor
            continue
        total = float(tensor.sum())
        if tensor.shape != (4, 4) or not np.allclose(tensor / (total or 1.0), _FILTER, atol=1e-4):
            raise CheckpointError(
                "needs the resampling filter [1, 3, 3, 1]; got another in " + ascii(name)
            )
    return kept


def _list_resolutions(tensors: Tensors, pattern: str, smallest: int = 4) -> list[int]:
    matches = (re.fullmatch(pattern, name) for name in tensors)
    found = sorted(int(match[1]) for match in matches if match)
    expected = [smallest << k for k in range(len(found))]
    if not found or found != expected or found[-1] > _LARGEST_RESOLUTION:
        raise CheckpointError(
            f"needs StyleGAN2 blocks at {smallest}, {2 * smallest}, ... pixels; "
            f"got {found[:20] or 'none'}"
        )
    return found


def _describe_channels(resolutions: list[int], channels: list[int]) -> ConfigEntries:
    """channel_base and channel_max where they describe the channels, else one by one."""
    largest = max(channels)
    bases = [r * c for r, c in zip(resolutions, channels, strict=True) if c < largest]
    base = bases[0] if bases else resolutions[-1] * largest
    rule = [min(base // r, largest) for r in resolutions]
    if rule == channels:
        return {"channel_base": base, "channel_max": largest}
    return {"channels": channels}


def _shape(tensors: Tensors, name: str, rank: int) -> tuple[int, ...]:
    if name not in tensors:
        raise CheckpointError(f"needs the tensor {name} of a StyleGAN2; got none of that name")
    shape = tensors[name].shape
    if len(shape) != rank:
        raise CheckpointError(f"needs {rank} dimensions of {name}; got shape {shape}")
    return shape
