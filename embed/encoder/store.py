"""A coarse encoder on disk and at work: pictures -> W+ of the generator it was trained for.

File: a .safetensors of `synth.judging.storage` in half precision, whose card names the generator
(`generator_name`, `generator_sha256`) beside plan, seed and held-out figures. An encoder knows one
generator only: with another its guess would be noise, so loading it for another is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from embed.encoder.networks import EncoderNetwork
from synth.devices import find_device
from synth.generators.base import Generator, name_weights
from synth.judging.storage import load_network, read_card, save_network
from synth.storage.atomic import check_output_path
from synth.types import Images, WPlus

KIND = "moodreel-encoder"
#: The encoder of the bundled generator.
BUNDLED_ENCODER = Path(__file__).with_name("weights") / "moodreel-encoder.safetensors"
_CHUNK = 32


@dataclass(frozen=True, eq=False)
class CoarseEncoder:
    """A trained network and the card it came with; `invert(..., start=encoder)` takes it as is."""

    network: EncoderNetwork
    card: Mapping[str, str]

    @torch.no_grad()
    def encode(self, pictures: Images) -> WPlus:
        """Aligned faces of any size in [-1, 1] -> W+ [batch, layer, w_dim] on the network's device.

        But for rounding a picture's guess does not depend on its batch. Raises ValueError for
        pictures that are not square or not finite.
        """
        network = self.network
        parts = [
            network.find_w_plus(network(network.prepare(part.to(network.mean.device))))
            for part in pictures.split(_CHUNK)
        ]
        return torch.cat(parts)

    __call__ = encode


def is_encoder_of(path: str | Path, generator: Generator) -> bool:
    """Whether the encoder in a file was trained for the generator; False where there is no file."""
    return Path(path).is_file() and _is_of(read_card(path), generator)


def load_encoder(path: str | Path | None, generator: Generator) -> CoarseEncoder:
    """The encoder at `path`, or the bundled one for None, on the generator's device.

    Raises FileNotFoundError when there is none, ValueError naming the file when it is broken or was
    trained for another generator; the message tells the command that trains one.
    """
    command = (
        "`python -m scripts.train_encoder generator=file generator.path=... out=my.safetensors`, "
        "or starting from the mean latent"
    )
    file = BUNDLED_ENCODER if path is None else Path(path)
    ours = name_weights(generator.name, generator.sha256)
    if not file.is_file():
        raise FileNotFoundError(
            f"{file}: needs an encoder trained for generator {ours}; got no such file; "
            f"try {command}"
        )
    network, card = load_network(file, KIND, EncoderNetwork.of_settings)
    if not _is_of(card, generator):
        theirs = name_weights(
            card.get("generator_name", "unknown"), card.get("generator_sha256", "")
        )
        raise ValueError(
            f"{file}: needs an encoder trained for generator {ours}; got one for {theirs}; "
            f"try {command}"
        )
    network = network.to(find_device(generator)).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return CoarseEncoder(network, card)


def save_encoder(
    path: str | Path, network: EncoderNetwork, generator: Generator, card: Mapping[str, str]
) -> dict[str, str]:
    """Write a network with its card and the generator's name, whole or not at all; -> the card."""
    path = Path(path)
    check_output_path(path, ".safetensors")
    check_has_file(generator)
    full = {**card, "generator_name": generator.name, "generator_sha256": generator.sha256}
    save_network(path, network, KIND, full)
    return full


def check_has_file(generator: Generator) -> None:
    """Raise ValueError for a generator from no file, which nothing could tell from others."""
    if not generator.sha256:
        raise ValueError(
            "needs a generator that was loaded from a file, since its sha256 is what an encoder "
            f"belongs to; got {generator.name} without one"
        )


def _is_of(card: Mapping[str, str], generator: Generator) -> bool:
    trained_for = card.get("generator_sha256", "")
    return bool(trained_for) and trained_for == generator.sha256
