"""Our own checkpoints: safetensors with a generator's weights and a card in the header.

Tensors stand under `generator.` and `discriminator.`; the header holds format, architecture (a name
that `architectures` knows), config (JSON of that architecture's record), discriminator_config where
there is one, name, source_sha256 (of the file that was converted, empty for networks of our own)
and further entries of the card, all as text. Files of the format before name no architecture: they
hold a StyleGAN2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from synth.checkpoints.errors import CheckpointError
from synth.checkpoints.safetensors_stream import NATIVE_FORMAT
from synth.generators.architectures import Architecture, StoredGenerator, find_architecture
from synth.storage.assets import hash_file
from synth.storage.atomic import write_atomically

#: Before files could hold anything but a StyleGAN2.
_FORMER_FORMAT = "moodreel-stylegan2"
_OWN_ENTRIES = frozenset({"format", "architecture", "config", "discriminator_config", "name"})


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator in eval mode without gradients, and what its file says about it.

    sha256 is that of the file the weights were converted from, or of this file when they are ours.
    """

    generator: StoredGenerator
    name: str
    sha256: str
    card: Mapping[str, str]


def save_generator(
    path: str | Path,
    generator: nn.Module,
    name: str,
    card: Mapping[str, str],
    discriminator: nn.Module | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write a native checkpoint, whole or not at all; `dtype` float16 halves its size.

    The generator is a `StoredGenerator`; the discriminator has a `config` too. Raises ValueError
    for an unknown architecture, and for a card that uses an entry of the format itself.
    """
    taken = _OWN_ENTRIES.intersection(card)
    if taken:
        raise ValueError(f"needs card entries other than {sorted(taken)}; try other names for them")
    stored = cast(StoredGenerator, generator)
    architecture = find_architecture(stored.architecture)
    tensors = _prefix("generator", generator, dtype)
    metadata = {
        "format": NATIVE_FORMAT,
        "architecture": architecture.name,
        "config": stored.config.to_json(),
        "name": name,
    }
    if discriminator is not None:
        tensors.update(_prefix("discriminator", discriminator, dtype))
        metadata["discriminator_config"] = cast(Any, discriminator).config.to_json()
    with write_atomically(path) as temporary:
        save_file(tensors, temporary, {"source_sha256": "", **card, **metadata})


def load_native(path: str | Path, device: str | torch.device = "cpu") -> LoadedGenerator:
    """Read the generator of a native checkpoint, in float32.

    Raises CheckpointError naming the file when it is cut off, of another format, or when its
    tensors do not fit its configuration; FileNotFoundError when there is none.
    """
    path = Path(path)
    metadata = read_card(path)
    architecture = _find_architecture(path, metadata)
    config = _read_config(path, architecture, metadata.get("config"))
    sha256 = metadata.get("source_sha256") or hash_file(path)
    name = metadata.get("name") or path.stem
    generator = architecture.build_empty(config, name, sha256)
    _load_weights(generator, path, "generator", device)
    card = {key: text for key, text in metadata.items() if key not in _OWN_ENTRIES}
    return LoadedGenerator(cast(StoredGenerator, generator), name, sha256, card)


def load_native_discriminator(path: str | Path, device: str | torch.device = "cpu") -> nn.Module:
    """Read the discriminator of a native checkpoint that holds one.

    Raises as `load_native` does, and CheckpointError where the file holds none.
    """
    path = Path(path)
    metadata = read_card(path)
    if "discriminator_config" not in metadata:
        notes = metadata.get("notes") or "it was saved without one"
        raise CheckpointError(f"{path}: needs a discriminator in the file; got none: {notes}")
    discriminator = _build_discriminator(path, metadata)
    _load_weights(discriminator, path, "discriminator", device)
    return discriminator


def check_native(path: str | Path) -> None:
    """Raise CheckpointError naming the file unless its networks could be loaded; reads no weights.

    For a file that is about to get its final name.
    """
    path = Path(path)
    metadata = read_card(path)
    architecture = _find_architecture(path, metadata)
    config = _read_config(path, architecture, metadata.get("config"))
    networks = {"generator": architecture.build_empty(config)}
    if "discriminator_config" in metadata:
        networks["discriminator"] = _build_discriminator(path, metadata)
    for prefix, network in networks.items():
        with _open(path) as file:
            _check_tensors(file, network.state_dict(), prefix, path)


def read_card(path: str | Path) -> dict[str, str]:
    """The header's text entries of a native checkpoint, its format checked."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: needs a checkpoint; got no such file; check the path")
    with _open(path) as file:
        metadata = file.metadata() or {}
    if metadata.get("format") not in (NATIVE_FORMAT, _FORMER_FORMAT):
        raise CheckpointError(
            f"{path}: needs a safetensors file of format {NATIVE_FORMAT!r}; "
            f"got {metadata.get('format')!r}; try `python -m scripts.convert_checkpoint` on the "
            "original checkpoint"
        )
    return metadata


def _open(path: Path) -> safe_open:
    try:
        return safe_open(path, framework="pt", device="cpu")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path}: needs a whole safetensors file; got a broken or cut off one ({error}); "
            "try downloading or converting it again"
        ) from None


def _find_architecture(path: Path, metadata: Mapping[str, str]) -> Architecture:
    try:
        return find_architecture(metadata.get("architecture", "stylegan2"))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from None


def _read_config(path: Path, architecture: Architecture, text: str | None) -> Any:
    try:
        return architecture.read_config(text or "")
    except (TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{path}: {error}") from None


def _build_discriminator(path: Path, metadata: Mapping[str, str]) -> nn.Module:
    """Without memory for its weights."""
    architecture = _find_architecture(path, metadata)
    if architecture.build_discriminator is None:
        raise CheckpointError(f"{path}: needs no discriminator beside {architecture.name}; got one")
    config = _read_config(path, architecture, metadata.get("discriminator_config"))
    with torch.device("meta"):
        return architecture.build_discriminator(config)


def _prefix(prefix: str, network: nn.Module, dtype: torch.dtype | None) -> dict[str, Tensor]:
    return {
        f"{prefix}.{name}": tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }


def _load_weights(network: nn.Module, path: Path, prefix: str, device: str | torch.device) -> None:
    """Give a network without memory its tensors, strictly by name and shape, and freeze it.

    Nothing is allocated before shapes agree, so a header cannot ask for more than the file holds.
    """
    wanted = network.state_dict()
    state: dict[str, Tensor] = {}
    with _open(path) as file:
        _check_tensors(file, wanted, prefix, path)
        for name in wanted:
            # A copy: the file's own memory would change with the file.
            state[name] = file.get_tensor(f"{prefix}.{name}").to(device, torch.float32, copy=True)
    network.load_state_dict(state, assign=True)
    # What is computed, not stored, such as filters, goes where the weights are.
    network.to(device).eval().requires_grad_(False)


def _check_tensors(file: safe_open, wanted: Mapping[str, Tensor], prefix: str, path: Path) -> None:
    """The file has exactly the tensors that a network wants, in their shapes; reads none."""
    found = {name for name in file.keys() if name.startswith(prefix + ".")}  # noqa: SIM118
    missing = sorted({f"{prefix}.{name}" for name in wanted} - found)
    surplus = sorted(found - {f"{prefix}.{name}" for name in wanted})
    if missing or surplus:
        raise CheckpointError(
            f"{path}: needs exactly the tensors of its configuration; "
            f"missing {missing[:3] or 'none'}, unexpected {surplus[:3] or 'none'}"
        )
    for name, target in wanted.items():
        shape = list(file.get_slice(f"{prefix}.{name}").get_shape())
        if shape != list(target.shape):
            raise CheckpointError(
                f"{path}: needs shape {list(target.shape)} for {prefix}.{name}; got {shape}"
            )
