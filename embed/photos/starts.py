"""Where an inversion begins, other than at the mean latent: an encoder's guess, or known latents.

A source gives the start of each item of a batch: W+ [batch, layer, w_dim], or an encoder that
makes it out of the pictures. `embed.inversion.invert.Start` says what may be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch

from embed.encoder.store import BUNDLED_ENCODER, is_encoder_of, load_encoder
from embed.inversion.invert import Start
from embed.photos.result_names import LATENTS, RESULTS
from synth.faces.latents import load_latents
from synth.generators.base import Generator
from synth.storage.assets import hash_file

#: How a start at the mean latent is recorded.
MEAN = "mean"


@runtime_checkable
class StartSource(Protocol):
    """Gives the start of inversions."""

    def load_start(self, generator: Generator, names: Sequence[str]) -> Start:
        """The start of the items `names`; raises ValueError for one that does not fit."""
        ...

    def describe(self, generator: Generator) -> str:
        """What it is, for the record of a run; another start has another text."""
        ...


@dataclass(frozen=True)
class LatentsStart:
    """A file of latents, whose first face is everybody's start, or the folder of an earlier run.

    In a folder, each item begins where it ended there.
    """

    path: str

    def load_start(self, generator: Generator, names: Sequence[str]) -> Start:
        """W+ [batch, layer, w_dim]; ValueError naming the file when it does not fit."""
        place = Path(self.path)
        files = [place / RESULTS / name / LATENTS for name in names]
        rows = [load_latents(file if place.is_dir() else place, generator)[:1] for file in files]
        return torch.cat(rows)

    def describe(self, generator: Generator) -> str:
        """The path, and of a file its sha256."""
        place = Path(self.path)
        return f"{place} {hash_file(place)}" if place.is_file() else str(place)


@dataclass(frozen=True)
class EncoderStart:
    """A coarse encoder's guess: the bundled one, or that of a file trained for the generator."""

    path: str | None = None

    def load_start(self, generator: Generator, names: Sequence[str]) -> Start:
        """The encoder; ValueError naming the file when it belongs to another generator."""
        return load_encoder(self.path, generator)

    def describe(self, generator: Generator) -> str:
        """The sha256 of the encoder's file."""
        return f"encoder {hash_file(self.path or BUNDLED_ENCODER)}"


@dataclass(frozen=True)
class BundledStart:
    """The bundled encoder's guess for the bundled generator; for any other the mean latent."""

    def load_start(self, generator: Generator, names: Sequence[str]) -> Start:
        """The encoder, or None."""
        return load_encoder(None, generator) if is_encoder_of(BUNDLED_ENCODER, generator) else None

    def describe(self, generator: Generator) -> str:
        """The sha256 of the encoder that ships, where it is used."""
        if not is_encoder_of(BUNDLED_ENCODER, generator):
            return MEAN
        return f"encoder {hash_file(BUNDLED_ENCODER)}"
