"""Pictures of a face become latents: found and aligned, then the encoder's guess, or a search.

The bundled encoder stands where the article has P-Net; the search is `embed.inversion`'s, by
L-BFGS unless its settings say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from embed.inversion.settings import InversionSettings
from embed.photos.inverter import PhotoInverter
from embed.photos.recipe import CutFace, InversionRecipe
from embed.photos.starts import BundledStart
from embed.projection.ways import check_way
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.progress import Progress, Report, ignore_progress
from synth.types import WPlus, to_images

#: Side of a crop that is only made to see whether it can be, and to tell people apart.
PROBE_PX = 256
#: Farther apart, two pictures hardly show one person (dlib's own advice for its network).
SAME_PERSON = 0.6


def make_recipe() -> InversionRecipe:
    """What suits a few pictures: 20 steps of L-BFGS from the encoder's guess."""
    settings = InversionSettings(steps=20, optimiser="lbfgs")
    return InversionRecipe(start=BundledStart(), settings=settings)


@dataclass(frozen=True)
class FacePictures:
    """A `synth.motion.pictures.projector.PictureProjector` for faces.

    recipe: how faces are found, and inverted; its start is whose guess is taken. way: 'guess',
    'search' or 'both'. Raises ValueError for a recipe that bends the generator around each picture.
    """

    recipe: InversionRecipe = field(default_factory=make_recipe)
    way: str = "both"

    def __post_init__(self) -> None:
        check_way(self.way)
        if self.recipe.tune or self.recipe.settings.noise == "optimised":
            raise ValueError(
                "needs one generator for all pictures; got a recipe that fits it, or its noise, "
                "to each; try projector.recipe.tune=false and noise const"
            )
        if self.recipe.start is None and self.way != "search":
            raise ValueError(
                f"needs a start for way={self.way}; got none; try projector.way=search"
            )

    def check(self, paths: Sequence[str], report: Report = ignore_progress) -> None:
        """Find the face in every picture; a note where they seem to show different people."""
        self.recipe.fetch_models()
        crops = []
        for k, path in enumerate(paths):
            crops.append(self.recipe.cut_face(path, PROBE_PX).crop)
            report(Progress("look", k + 1, len(paths)))
        for note in self._compare_people(paths, crops):
            report(Progress("look", note=note))

    def project(
        self, paths: Sequence[str], generator: Generator, report: Report = ignore_progress
    ) -> WPlus:
        """W+ [picture, layer, w_dim]. Raises ValueError for a picture without a face."""
        faces = [self.recipe.cut_face(path, generator.resolution) for path in paths]
        if self.way == "guess":
            return self._guess(faces, generator)
        own = need_differentiable(generator, "to search latents of pictures")
        recipe = self.recipe
        if self.way == "search":
            rows = map_seeds([recipe.settings.seed], generator, 1.0)
            recipe = replace(recipe, start=_RandomStart(rows))
        inverter = PhotoInverter(recipe, own, report)
        found = inverter.invert(faces, [Path(path).name for path in paths])
        return torch.stack([photo.rows for photo in found]).float().cpu()

    def _guess(self, faces: Sequence[CutFace], generator: Generator) -> WPlus:
        start = self.recipe.load_start(generator, [Path(face.path).name for face in faces])
        if not isinstance(start, Callable):
            raise ValueError(
                f"needs an encoder for generator {generator.name} to guess alone; got none; try "
                "projector.way=search, or projector=pictures with a P-Net of its own"
            )
        return start(to_images(np.stack([face.crop for face in faces]))).float().cpu()

    def _compare_people(self, paths: Sequence[str], crops: Sequence[np.ndarray]) -> list[str]:
        """A note for each picture that hardly shows the first one's person."""
        if self.recipe.observer is None:
            return []
        people = self.recipe.observer.encode(np.stack(crops))
        apart = np.linalg.norm(people - people[0], axis=1)
        return [
            f"{path} hardly shows the person of {paths[0]} (distance {far:.2f}, above "
            f"{SAME_PERSON}): the film changes from one to the other"
            for path, far in zip(paths, apart, strict=True)
            if far > SAME_PERSON
        ]


@dataclass(frozen=True, eq=False)
class _RandomStart:
    """A StartSource: the same random latent for every picture."""

    rows: WPlus

    def load_start(self, generator: Generator, names: Sequence[str]) -> WPlus:
        """W+ [batch, layer, w_dim]."""
        return self.rows.expand(len(names), -1, -1).clone()

    def describe(self, generator: Generator) -> str:
        """For records."""
        return "random"
