"""Networks in the pickles of StyleGAN2's TensorFlow code: a tuple of G, D and Gs.

Each network is a record of `dnnlib.tflib.network.Network` whose state lists variables by name;
the source text beside them is never looked at. Gs, the averaged network, is the generator.
Convolution weights turn from [height, width, in, out] to [out, in, height, width]; those of
layers that upsample are stored mirrored, since TensorFlow's code transposes the convolution; the
style biases lack the 1 that the code adds.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from synth.checkpoints.architecture import infer_discriminator_config, infer_generator_config
from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.numpy_records import read_number
from synth.checkpoints.records import Record, as_mapping, describe
from synth.checkpoints.sources import (
    Budget,
    ConfigEntries,
    Conversion,
    Network,
    Tensors,
    read_array,
    read_clamp,
)
from synth.checkpoints.torch_files import Document

_NETWORK = {"dnnlib.tflib.network": frozenset({"Network"})}
_MOST_NETWORKS = 8


def is_nvidia_tensorflow(value: object) -> bool:
    """Whether a value is a tuple of three TensorFlow networks."""
    return (
        isinstance(value, (tuple, list))
        and len(value) == 3
        and all(isinstance(item, Record) and item.is_call_of(_NETWORK) for item in value)
    )


def convert_nvidia_tensorflow(document: Document) -> Conversion:
    """Gs, and D where it is whole, under the names of PyTorch checkpoints."""
    networks = document.value
    assert isinstance(networks, (tuple, list))
    variables = _read_variables(networks[2])
    options = _read_options(networks[2])
    generator = _convert_generator(variables, options)
    try:
        discriminator = _convert_discriminator(
            _read_variables(networks[1]), _read_options(networks[1])
        )
    except CheckpointError as error:
        note = f"the discriminator was left out: {error}"
        return Conversion("stylegan2 (TensorFlow)", generator, None, (note,))
    return Conversion("stylegan2 (TensorFlow)", generator, discriminator)


def _state_of(network: object) -> dict:
    if not isinstance(network, Record):
        raise CheckpointError(f"needs a TensorFlow network; got {describe(network)}")
    return as_mapping(network.state, "the state of a TensorFlow network")


def _read_variables(network: object, budget: Budget | None = None) -> Tensors:
    """Variables of a network and, under their names, of its components."""
    budget = budget or Budget(_MOST_NETWORKS, "nested networks")
    budget.spend()
    state = _state_of(network)
    variables: Tensors = {}
    listed = state.get("variables", [])
    for pair in listed if isinstance(listed, (list, tuple)) else []:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise CheckpointError(f"needs pairs of name and array; got {describe(pair)}")
        number = read_number(pair[1])
        variables[pair[0]] = read_array(pair[1]) if number is None else np.asarray(number)
    components = as_mapping(state.get("components", {}), "components")
    for name, component in components.items():
        found = _read_variables(component, budget)
        variables.update({f"{name}/{key}": array for key, array in found.items()})
    return variables


def _read_options(network: object) -> dict:
    return as_mapping(_state_of(network).get("static_kwargs", {}), "static_kwargs")


def _convert_generator(variables: Tensors, options: dict) -> Network:
    if "synthesis/4x4/Conv/mod_weight" not in variables:
        older = any(name.endswith("StyleMod/weight") for name in variables)
        found = "a StyleGAN (2019) network" if older else f"{len(variables)} other variables"
        raise CheckpointError(f"needs a StyleGAN2 generator; got {found}")
    _check_options(options)
    tensors = _rename(variables, _GENERATOR_NAMES)
    multiplier = read_number(options.get("mapping_lrmul", 0.01))
    config = infer_generator_config(tensors, float(0.01 if multiplier is None else multiplier))
    return Network(tensors, {**config, **_read_clamp(options, "Gs")})


def _convert_discriminator(variables: Tensors, options: dict) -> Network:
    tensors = _rename(variables, _DISCRIMINATOR_NAMES)
    return Network(tensors, {**infer_discriminator_config(tensors), **_read_clamp(options, "D")})


def _read_clamp(options: dict, what: str) -> ConfigEntries:
    clamp = options.get("conv_clamp")
    number = read_number(clamp)
    return read_clamp([clamp if number is None else number], what)


def _check_options(options: dict) -> None:
    """Variants of the architecture that the tensors alone do not betray."""
    usual = {
        "architecture": "skip",
        "mapping_nonlinearity": "lrelu",
        "nonlinearity": "lrelu",
        "normalize_latents": True,
        "fused_modconv": options.get("fused_modconv"),
    }
    for name, wanted in usual.items():
        if options.get(name, wanted) != wanted:
            found = describe(options[name])
            raise CheckpointError(f"needs {name} {quote(wanted)}; got {found}")
    kernel = options.get("resample_kernel")
    if kernel is not None and (
        not isinstance(kernel, (list, tuple)) or list(kernel) != [1, 3, 3, 1]
    ):
        raise CheckpointError("needs the resampling filter [1, 3, 3, 1]; got another")


def _keep(array: np.ndarray) -> np.ndarray:
    return array


def _transpose(array: np.ndarray) -> np.ndarray:
    _need_rank(array, 2)
    return array.T


def _convolution(array: np.ndarray) -> np.ndarray:
    _need_rank(array, 4)
    return array.transpose(3, 2, 0, 1)


def _mirrored(array: np.ndarray) -> np.ndarray:
    return _convolution(array)[:, :, ::-1, ::-1]


def _style_bias(array: np.ndarray) -> np.ndarray:
    return array + np.ones((), array.dtype)


def _first(array: np.ndarray) -> np.ndarray:
    _need_rank(array, 4)
    return array[0]


def _plane(array: np.ndarray) -> np.ndarray:
    _need_rank(array, 4)
    return array[0, 0]


def _scalar(array: np.ndarray) -> np.ndarray:
    return array.reshape(())


def _need_rank(array: np.ndarray, rank: int) -> None:
    if array.ndim != rank:
        raise CheckpointError(f"needs {rank} dimensions of a variable; got shape {array.shape}")


_Rule = tuple[str, Callable[[re.Match], str | None], Callable[[np.ndarray], np.ndarray]]


def _layer(match: re.Match) -> str:
    """`8x8/Conv0_up` -> `synthesis.b8.conv0`; the only convolution at 4x4 is conv1 there."""
    kind = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb"}
    return f"synthesis.b{match[1]}.{kind[match[2]]}"


def _noise(match: re.Match) -> str:
    """noise0 belongs to 4x4, then two to each resolution."""
    index = int(match[1])
    return f"synthesis.b{4 << ((index + 1) // 2)}.conv{(index + 1) % 2}.noise_const"


_LAYER = r"synthesis/(\d+)x\1/(Conv|Conv0_up|Conv1|ToRGB)"
_GENERATOR_NAMES: list[_Rule] = [
    (r"dlatent_avg", lambda m: "mapping.w_avg", _keep),
    (r"mapping/Dense(\d+)/weight", lambda m: f"mapping.fc{m[1]}.weight", _transpose),
    (r"mapping/Dense(\d+)/bias", lambda m: f"mapping.fc{m[1]}.bias", _keep),
    (r"mapping/LabelEmbed/weight", lambda m: "mapping.embed.weight", _transpose),
    (r"mapping/LabelEmbed/bias", lambda m: "mapping.embed.bias", _keep),
    (r"synthesis/4x4/Const/const", lambda m: "synthesis.b4.const", _first),
    (r"synthesis/noise(\d{1,2})", _noise, _plane),
    (r"synthesis/(\d+)x\1/(Conv0_up)/weight", lambda m: _layer(m) + ".weight", _mirrored),
    (_LAYER + "/weight", lambda m: _layer(m) + ".weight", _convolution),
    (_LAYER + "/bias", lambda m: _layer(m) + ".bias", _keep),
    (_LAYER + "/mod_weight", lambda m: _layer(m) + ".affine.weight", _transpose),
    (_LAYER + "/mod_bias", lambda m: _layer(m) + ".affine.bias", _style_bias),
    (_LAYER + "/noise_strength", lambda m: _layer(m) + ".noise_strength", _scalar),
    (r"(.*/)?lod", lambda m: None, _keep),
]


def _block(match: re.Match) -> str:
    """`8x8/Conv1_down` -> `b8.conv1`."""
    kind = {"FromRGB": "fromrgb", "Conv0": "conv0", "Conv1_down": "conv1", "Skip": "skip"}
    return f"b{match[1]}.{kind[match[2]]}"


_BLOCK = r"(\d+)x\1/(FromRGB|Conv0|Conv1_down|Skip)"
_DISCRIMINATOR_NAMES: list[_Rule] = [
    (_BLOCK + "/weight", lambda m: _block(m) + ".weight", _convolution),
    (_BLOCK + "/bias", lambda m: _block(m) + ".bias", _keep),
    (r"4x4/Conv/weight", lambda m: "b4.conv.weight", _convolution),
    (r"4x4/Conv/bias", lambda m: "b4.conv.bias", _keep),
    (r"4x4/Dense0/weight", lambda m: "b4.fc.weight", _transpose),
    (r"4x4/Dense0/bias", lambda m: "b4.fc.bias", _keep),
    (r"Output/weight", lambda m: "b4.out.weight", _transpose),
    (r"Output/bias", lambda m: "b4.out.bias", _keep),
    (r"(.*/)?lod", lambda m: None, _keep),
]


def _rename(variables: Tensors, rules: list[_Rule]) -> Tensors:
    tensors: Tensors = {}
    for name, array in variables.items():
        for pattern, rename, change in rules:
            match = re.fullmatch(pattern, name)
            if match:
                target = rename(match)
                if target is not None:
                    tensors[target] = change(array)
                break
        else:
            raise CheckpointError(f"needs the variables of a StyleGAN2; got {quote(name)} as well")
    return tensors
