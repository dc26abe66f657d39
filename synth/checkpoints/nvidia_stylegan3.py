"""NVIDIA's StyleGAN3 generators -> our names and the record of their sizes.

In: the inert modules of a pickle. Out: a `Network`. Every layer says its own band (sampling rates,
cutoffs, transition widths, sizes), and these are what the record holds. Filters are not kept:
they follow from the bands; here it is only checked that theirs have as many taps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from synth.checkpoints.architecture import infer_mapping_config
from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.numpy_records import is_numpy_array, read_number, read_numpy_array
from synth.checkpoints.sources import ConfigEntries, Network, Tensors

_LAYER = re.compile(r"synthesis\.L(\d+)_\d+_\d+\.(.+)")
_FILTERS = ("up_filter", "down_filter")
_MOST_LAYERS = 64
#: One layer's attributes, by name.
Attributes = dict[str, Any]


def is_stylegan3(tensors: Tensors) -> bool:
    """Whether the tensors of a G_ema are those of a StyleGAN3."""
    return "synthesis.input.freqs" in tensors


def convert_stylegan3(
    tensors: Tensors, synthesis: Attributes, layers: dict[str, Attributes], lr_multiplier: float
) -> Network:
    """Tensors under our names, and the entries of a StyleGAN3Config.

    tensors: all of G_ema, by NVIDIA's names. synthesis: the attributes of its synthesis network;
    layers: those of the layers in it, by their names; lr_multiplier: of its mapping network.
    Raises CheckpointError for another network.
    """
    names = sorted(
        (name for name in layers if re.fullmatch(r"L\d+_\d+_\d+", name)),
        key=lambda name: int(name[1:].split("_")[0]),
    )
    if [int(name[1:].split("_")[0]) for name in names] != list(range(len(names))):
        raise CheckpointError("needs StyleGAN3 layers L0, L1, ...; got a gap between them")
    if not 2 <= len(names) <= _MOST_LAYERS:
        raise CheckpointError(f"needs 2 to {_MOST_LAYERS} StyleGAN3 layers; got {len(names)}")
    chain = [layers[name] for name in names]
    _check_chain(chain)
    kept = _rename(tensors, len(chain) - 1)
    _check_filters(tensors, names, chain)
    w_dim = kept["synthesis.input.affine.weight"].shape[-1]
    mapping = infer_mapping_config(kept, w_dim, lr_multiplier)
    return Network(kept, {**mapping, **_describe(chain, synthesis)})


def _describe(chain: list[Attributes], synthesis: Attributes) -> ConfigEntries:
    first, last = chain[0], chain[-1]
    critical = sum(_flag(layer, "is_critically_sampled") for layer in chain[:-1])
    oversampling = _whole(first, "tmp_sampling_rate") // max(
        _whole(first, "in_sampling_rate"), _whole(first, "out_sampling_rate")
    )
    entries: ConfigEntries = {
        "resolution": _size(last, "out_size"),
        "cutoffs": [_real(layer, "out_cutoff") for layer in chain],
        "half_widths": [_real(layer, "out_half_width") for layer in chain],
        "rates": [_whole(layer, "out_sampling_rate") for layer in chain],
        "sizes": [_size(layer, "out_size") for layer in chain],
        "channels": [_whole(layer, "out_channels") for layer in chain],
        "critical": critical,
        "conv_kernel": _whole(first, "conv_kernel"),
        "radial": any(_flag(layer, "down_radial") for layer in chain),
        "taps": _whole(first, "down_taps") // _whole(first, "down_factor"),
        "oversampling": oversampling,
    }
    if "output_scale" in synthesis:
        entries["output_scale"] = _real(synthesis, "output_scale")
    clamps = {_optional(layer, "conv_clamp") for layer in chain}
    if len(clamps) != 1:
        raise CheckpointError("needs one conv_clamp in G_ema; got several")
    entries["conv_clamp"] = clamps.pop()
    return entries


def _check_chain(chain: list[Attributes]) -> None:
    """Each layer takes what the one before gives, and only the last is the one to RGB."""
    for index, (before, layer) in enumerate(zip([chain[0], *chain[:-1]], chain, strict=True)):
        source = "out" if index else "in"
        for what, read in (
            ("sampling_rate", _whole),
            ("cutoff", _real),
            ("half_width", _real),
            ("size", _size),
        ):
            _agree(read, layer, f"in_{what}", before, f"{source}_{what}", index)
        # The first layer's own input is taken to be of its own band.
        if index == 0:
            for what, read in (("sampling_rate", _whole), ("cutoff", _real), ("size", _size)):
                _agree(read, layer, f"in_{what}", layer, f"out_{what}", index)
        if _flag(layer, "is_torgb") != (index == len(chain) - 1):
            raise CheckpointError("needs one layer to RGB, the last; got another order")


def _agree(
    read: Callable[[Attributes, str], object],
    layer: Attributes,
    name: str,
    other: Attributes,
    other_name: str,
    index: int,
) -> None:
    if read(layer, name) != read(other, other_name):
        raise CheckpointError(f"needs layers that fit together; got another {name} at L{index}")


def _check_filters(tensors: Tensors, names: list[str], chain: list[Attributes]) -> None:
    """Filters have the taps that the record will give them, and sum to one."""
    for name, layer in zip(names, chain, strict=True):
        for kind in _FILTERS:
            found = tensors.get(f"synthesis.{name}.{kind}")
            if found is None:
                continue
            taps = _whole(layer, kind.replace("filter", "taps"))
            if found.shape[0] != taps or not np.isclose(found.sum(), 1, atol=1e-3):
                raise CheckpointError(
                    f"needs a low-pass filter of {taps} taps; got another in {quote(name)}"
                )


def _rename(tensors: Tensors, last: int) -> Tensors:
    """`synthesis.L3_36_32.weight` -> `synthesis.L3.weight`; the last layer is `torgb`."""
    kept: Tensors = {}
    for name, tensor in tensors.items():
        match = _LAYER.fullmatch(name)
        if match and match[2] in _FILTERS:
            continue
        if name == "synthesis.input.transform":
            if tensor.shape != (3, 3) or not np.allclose(tensor, np.eye(3), atol=1e-6):
                raise CheckpointError("needs an untransformed input; got another transform in it")
            continue
        if match:
            layer = "torgb" if int(match[1]) == last else f"L{int(match[1])}"
            name = f"synthesis.{layer}.{match[2]}"
        kept[name] = tensor
    if "synthesis.input.affine.weight" not in kept:
        raise CheckpointError("needs the input's affine layer of a StyleGAN3; got none")
    return kept


def _real(attributes: Attributes, name: str) -> float:
    number = read_number(attributes.get(name))
    if number is None or not np.isfinite(number):
        raise CheckpointError(f"needs a number for {name} of a StyleGAN3 layer; got another value")
    return float(number)


def _whole(attributes: Attributes, name: str) -> int:
    number = _real(attributes, name)
    if number != int(number) or not 0 < number < 1 << 24:
        raise CheckpointError(f"needs a whole number for {name}; got {quote(number)}")
    return int(number)


def _flag(attributes: Attributes, name: str) -> bool:
    return bool(read_number(attributes.get(name)))


def _optional(attributes: Attributes, name: str) -> float | None:
    return None if attributes.get(name) is None else _real(attributes, name)


def _size(attributes: Attributes, name: str) -> int:
    """A square's side, of [width, height]."""
    value = attributes.get(name)
    pair = read_numpy_array(value).tolist() if is_numpy_array(value) else value
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        raise CheckpointError(f"needs width and height for {name}; got {quote(value)}")
    sides = {_whole({"side": side}, "side") for side in pair}
    if len(sides) != 1:
        raise CheckpointError(f"needs square feature maps; got another {name}")
    return sides.pop()
