"""Networks in the pickles of stylegan2-ada-pytorch and stylegan3: G, D and G_ema in one dict.

Each network is a 'persistent object': a call that would execute the source text inside the file.
Here it is a record; the text is never looked at, and tensors come out of the state beside it.
The averaged network G_ema is the generator, as in NVIDIA's own tools.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synth.checkpoints.architecture import (
    drop_filters,
    infer_discriminator_config,
    infer_generator_config,
)
from synth.checkpoints.errors import CheckpointError, quote
from synth.checkpoints.numpy_records import read_number
from synth.checkpoints.nvidia_stylegan3 import convert_stylegan3, is_stylegan3
from synth.checkpoints.records import Record, as_mapping, describe, is_mapping
from synth.checkpoints.sources import (
    Budget,
    Conversion,
    Network,
    Tensors,
    count_entries,
    is_array,
    read_array,
    read_clamp,
    read_state,
)
from synth.checkpoints.torch_files import Document

_PERSISTENT = {"torch_utils.persistence": frozenset({"_reconstruct_persistent_obj"})}
_DEEPEST_MODULE = 16
#: A 1024x1024 generator has some hundred modules of some twenty entries, and each is visited a few
#: times.
_MOST_VISITS = 50_000


def is_nvidia_torch(value: object) -> bool:
    """Whether a value is a dict with a G_ema that this module can try to read."""
    if not is_mapping(value):
        return False
    generator = as_mapping(value, "the checkpoint").get("G_ema")
    return is_mapping(generator) or (
        isinstance(generator, Record) and generator.is_call_of(_PERSISTENT)
    )


def convert_nvidia_torch(document: Document) -> Conversion:
    """G_ema, and D where it is a StyleGAN2 discriminator, with NVIDIA's names as they are."""
    networks = as_mapping(document.value, "the checkpoint")
    module = _Module(networks["G_ema"], document.storages, "G_ema")
    tensors = module.tensors()
    notes: list[str] = []
    if is_stylegan3(tensors):
        if networks.get("D") is not None:
            notes.append("the discriminator was left out: it is kept beside a StyleGAN2 only")
        return _convert_alias_free(module, tensors, tuple(notes))
    generator = _convert_generator(module, tensors)
    discriminator = None
    if networks.get("D") is None:
        notes.append("the file holds no discriminator")
    else:
        try:
            discriminator = _convert_discriminator(_Module(networks["D"], document.storages, "D"))
        except CheckpointError as error:
            notes.append(f"the discriminator was left out: {error}")
    return Conversion("stylegan2-ada-pytorch", generator, discriminator, tuple(notes))


class _Module:
    """A pickled torch module: its class name, attributes and tensors, none of them run."""

    def __init__(
        self,
        value: object,
        storages: Mapping,
        what: str,
        depth: int = 0,
        budget: Budget | None = None,
    ) -> None:
        self.storages, self.what, self.depth = storages, what, depth
        self.budget = budget or Budget(_MOST_VISITS, "visits to modules and tensors")
        self.budget.spend()
        if depth > _DEEPEST_MODULE:
            raise CheckpointError(f"needs at most {_DEEPEST_MODULE} nested modules; got more")
        self.class_name: object = None
        self.flat: Tensors | None = None
        self.attributes: dict = {}
        if is_mapping(value):
            self.budget.spend(count_entries(value))
            self.flat = read_state(value, storages, what)
            return
        if not isinstance(value, Record):
            raise CheckpointError(f"needs a network for {what}; got {describe(value)}")
        state = value.state
        if value.is_call_of(_PERSISTENT):
            if len(value.args) != 1:
                raise CheckpointError(f"needs one argument for the network {what}; got another")
            self.budget.spend(count_entries(value.args[0]))
            meta = as_mapping(value.args[0], what)
            self.class_name, state = meta.get("class_name"), meta.get("state")
        self.budget.spend(count_entries(state))
        self.attributes = as_mapping(state, f"the state of {what}")

    def children(self) -> Iterator[tuple[str, _Module]]:
        """Submodules by name."""
        self.budget.spend(count_entries(self.attributes.get("_modules")))
        modules = as_mapping(self.attributes.get("_modules", {}), f"modules of {self.what}")
        for name, value in modules.items():
            if value is not None:
                path = f"{self.what}.{quote(name)[1:-1]}"
                yield str(name), _Module(value, self.storages, path, self.depth + 1, self.budget)

    def tensors(self) -> Tensors:
        """Parameters and buffers of this module and all below, under dotted names."""
        if self.flat is not None:
            return self.flat
        found: Tensors = {}
        for group in ("_parameters", "_buffers"):
            self.budget.spend(count_entries(self.attributes.get(group)))
            entries = as_mapping(self.attributes.get(group, {}), f"{group} of {self.what}")
            for name, value in entries.items():
                if is_array(value):
                    found[str(name)] = read_array(value, self.storages)
                elif value is not None:
                    raise CheckpointError(f"needs tensors in {self.what}; got {describe(value)}")
        for name, child in self.children():
            found.update({f"{name}.{key}": tensor for key, tensor in child.tensors().items()})
        return found

    def collect(self, attribute: str) -> set[object]:
        """The values of a scalar attribute here and in all submodules."""
        value = self.attributes.get(attribute)
        number = read_number(value)
        scalar = value if isinstance(value, str) else number
        values = set() if scalar is None else {scalar}
        return values.union(*(child.collect(attribute) for _, child in self.children()))


def _convert_alias_free(module: _Module, tensors: Tensors, notes: tuple[str, ...]) -> Conversion:
    children = dict(module.children())
    if "synthesis" not in children:
        raise CheckpointError("needs the synthesis network of a StyleGAN3; got none beside tensors")
    synthesis = children["synthesis"]
    layers = {name: layer.attributes for name, layer in synthesis.children()}
    multiplier = _find_lr_multiplier(module)
    network = convert_stylegan3(tensors, synthesis.attributes, layers, multiplier)
    return Conversion("stylegan3", network, None, notes, "stylegan3")


def _convert_generator(module: _Module, tensors: Tensors) -> Network:
    if not any(name.startswith("synthesis.b4.") for name in tensors):
        raise CheckpointError(
            "needs a StyleGAN2 or StyleGAN3 generator; got a network of class "
            f"{quote(module.class_name)} with {len(tensors)} other tensors"
        )
    _check_only(module, "architecture", "skip")
    _check_activation(module)
    tensors = drop_filters(tensors)
    config = infer_generator_config(tensors, _find_lr_multiplier(module))
    return Network(tensors, {**config, **read_clamp(module.collect("conv_clamp"), module.what)})


def _find_lr_multiplier(module: _Module) -> float:
    """The mapping's; NVIDIA's own where it is not said."""
    mappings = [child for name, child in module.children() if name == "mapping"]
    found = [multiplier for child in mappings for multiplier in _read_lr_multipliers(child)]
    return found[0] if found else 0.01


def _read_lr_multipliers(mapping: _Module) -> list[float]:
    """The mapping layers' learning-rate multiplier is kept as the gain of their biases."""
    gains = [
        read_number(layer.attributes.get("bias_gain"))
        for name, layer in mapping.children()
        if name.startswith("fc")
    ]
    found = [float(gain) for gain in gains if gain]
    if len(set(found)) > 1:
        raise CheckpointError("needs one learning-rate multiplier in the mapping; got several")
    return found


def _convert_discriminator(module: _Module) -> Network:
    _check_only(module, "architecture", "resnet")
    _check_activation(module)
    _check_only(module, "group_size", 4)
    tensors = drop_filters(module.tensors())
    config = infer_discriminator_config(tensors)
    return Network(tensors, {**config, **read_clamp(module.collect("conv_clamp"), module.what)})


def _check_only(module: _Module, attribute: str, wanted: object) -> None:
    others = module.collect(attribute) - {wanted}
    if others:
        found = ", ".join(quote(other) for other in others)
        raise CheckpointError(f"needs {attribute} {quote(wanted)} in {module.what}; got {found}")


def _check_activation(module: _Module) -> None:
    others = module.collect("activation") - {"lrelu", "linear"}
    if others:
        raise CheckpointError(f"needs leaky ReLUs in {module.what}; got {describe(others.pop())}")
