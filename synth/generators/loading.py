"""One way to open a generator: bundled, a published one by its card's name, or anybody's file.

Foreign files are converted in a child process first (`synth.checkpoints`); nothing in them is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from synth.checkpoints.isolation import ChildLimits, ChildReport
from synth.checkpoints.loading import convert_file, find_native, naming
from synth.generators.architectures import StoredGenerator
from synth.generators.bundled import find_bundled_weights
from synth.generators.classes import fix_classes
from synth.generators.native import (
    LoadedGenerator,
    check_native,
    load_native,
    load_native_discriminator,
)
from synth.storage.assets import fetch_asset, load_cards

BUNDLED = "bundled"


def load_generator(
    path: str | Path = BUNDLED,
    device: str | torch.device = "cpu",
    expected_sha256: str | None = None,
    classes: Mapping[str, float] | None = None,
) -> StoredGenerator:
    """The generator that comes with us, a published one, or one of a file.

    path: 'bundled'; a file (NVIDIA's .pkl, rosinality's .pt, our .safetensors); or the name of a
    card in synth/storage/assets.yaml, downloaded on first use. classes: shares of the classes that
    a conditional generator draws unless it is told others (see `classes.fix_classes`).
    It comes in eval mode, float32, without gradients, with `name` and `sha256` set.
    Raises CheckpointError naming the file when it is broken, refused, no generator, or not the
    file that `expected_sha256` stands for; FileNotFoundError when there is none; AssetError when
    it cannot be downloaded.
    """
    generator = load_with_card(path, device, expected_sha256).generator
    return generator if classes is None else fix_classes(generator, classes)


def load_with_card(
    path: str | Path = BUNDLED,
    device: str | torch.device = "cpu",
    expected_sha256: str | None = None,
) -> LoadedGenerator:
    """As `load_generator`, with the card of the file beside the generator."""
    source = _find_file(path)
    native = find_native(source, check_native, expected_sha256)
    with naming(native, source):
        return load_native(native, device)


def load_discriminator(path: str | Path, device: str | torch.device = "cpu") -> nn.Module:
    """The discriminator of a checkpoint that holds one; raises as `load_generator` does."""
    source = _find_file(path)
    native = find_native(source, check_native)
    with naming(native, source):
        return load_native_discriminator(native, device)


def convert_checkpoint(
    source: str | Path,
    destination: str | Path,
    limits: ChildLimits = ChildLimits(),  # noqa: B008 (frozen)
) -> ChildReport:
    """Write a foreign checkpoint as a native one, whole or not at all; how that went.

    What is written can be loaded: names and shapes are compared with the configuration before.
    Raises CheckpointError naming `source`, OSError naming `destination`.
    """
    return convert_file(source, destination, check_native, limits)


def _find_file(path: str | Path) -> Path:
    """A file by its path, the word 'bundled', or the name of a card, in this order of effort."""
    if str(path) == BUNDLED:
        return find_bundled_weights()
    if not Path(path).exists() and str(path) in load_cards():
        return fetch_asset(str(path))
    return Path(path)
