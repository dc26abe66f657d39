"""Where a face comes from: a seed, or a file of latents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from synth.faces.latents import load_latents
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.types import Frames, Rows


class FaceSource:
    """Where a film's face comes from; what a source does not need to do is done here."""

    def fetch_models(self) -> None:
        """What can be wrong before a generator is loaded: raises ValueError or OSError."""

    def load_rows(self, generator: Generator) -> Rows:
        """The face's W+ [layer, w_dim] for this generator."""
        raise NotImplementedError

    def load_generator(self, generator: Generator) -> Generator:
        """The generator that draws the face, after `load_rows`: as a rule the given one."""
        return generator

    def save_beside(self, folder: Path, generator: Generator) -> None:
        """Put what tells how the face was found into a film's folder, after `load_rows`."""

    def place_frames(self, chunks: Iterable[Frames]) -> Iterable[Frames]:
        """The frames of the film, out of those of the face."""
        return chunks


@dataclass(frozen=True)
class RandomFace(FaceSource):
    """A face that does not exist: z of `seed`, mapped with truncation `psi` (1: none, 0: mean)."""

    seed: int = 0
    psi: float | int = 0.7

    def load_rows(self, generator: Generator) -> Rows:
        """The face's W+ [layer, w_dim] for this generator."""
        return map_seeds([self.seed], generator, self.psi)[0]


@dataclass(frozen=True)
class SavedFace(FaceSource):
    """Face number `index` of a latents file."""

    path: str
    index: int = 0

    def load_rows(self, generator: Generator) -> Rows:
        """The face's W+ [layer, w_dim]; ValueError naming the file when it does not fit."""
        faces = load_latents(self.path, generator)
        if not 0 <= self.index < len(faces):
            raise ValueError(
                f"{self.path}: needs a face number from 0 to {len(faces) - 1}; got {self.index}; "
                "try face.index=0"
            )
        return faces[self.index]
