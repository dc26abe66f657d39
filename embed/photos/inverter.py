"""Cut faces -> latents, pictures and numbers: inversion, tuning if asked, likeness.

In: faces out of `InversionRecipe.cut_face`, any number at once. Out: an `InvertedPhoto` of each, on
the CPU. The perceptual loss and the statistics of w are loaded and measured once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from embed.inversion.invert import InversionAids, invert
from embed.inversion.latent_spaces import measure_w
from embed.inversion.likeness import Likeness, measure_likeness
from embed.inversion.objective import draw_pictures
from embed.inversion.result import Inversion, InversionStep
from embed.inversion.schedule import plan_stages
from embed.inversion.tuning import Pivots, Tuning, tune_generator
from embed.photos.begun import load_begun, save_begun
from embed.photos.recipe import CutFace, InversionRecipe
from synth.devices import find_device
from synth.generators.capabilities import TrainableGenerator
from synth.progress import Progress, Report, ignore_progress
from synth.types import Frames, Rows, to_frames, to_images

#: Side of the pictures of an optimisation's video, and how many there are at most.
FILM_PX = 256
FILM_FRAMES = 120


@dataclass(frozen=True, eq=False)
class InvertedPhoto:
    """What was found for one face.

    rows: W+ [layer, w_dim]; picture: what the generator, tuned or not, draws of it, uint8.
    inversion, image: the joint record and this photo's place in its batch. film: pictures of the
    optimisation [frame, n, n, 3], empty if nobody asked.
    """

    face: CutFace
    rows: Rows
    picture: np.ndarray
    likeness: Likeness
    inversion: Inversion
    image: int
    untuned_likeness: Likeness | None = None
    tuning: Tuning | None = None
    film: Frames = field(default_factory=lambda: np.zeros((0, 2, 2, 3), np.uint8))


class PhotoInverter:
    """A recipe with a generator, on the device where that lies; the generator is never changed.

    Pass the generator that was loaded, not an accelerated one: gradients must pass through it.
    """

    def __init__(
        self,
        recipe: InversionRecipe,
        generator: TrainableGenerator,
        report: Report = ignore_progress,
        begun: Path | None = None,
    ) -> None:
        """begun: where an inversion is kept while its tuning is not finished; None: nowhere."""
        is_plain = recipe.tune and not recipe.film and recipe.settings.space != "z"
        self._begun = begun if is_plain else None
        self.recipe, self.generator, self.report = recipe, generator, report
        self.device = find_device(generator)
        plan_stages(generator.resolution, recipe.settings.stages)  # raises before the first photo
        if recipe.tune:
            plan_stages(generator.resolution, recipe.tuning.stages)
        self._perceptual = recipe.load_perceptual(self.device)
        self._statistics = measure_w(generator)

    def cut_face(self, path: str) -> CutFace:
        """The face in a file at the generator's size; see `InversionRecipe.cut_face`."""
        return self.recipe.cut_face(path, self.generator.resolution)

    def invert(self, faces: Sequence[CutFace], names: Sequence[str]) -> list[InvertedPhoto]:
        """All faces in one batch. `names` are the items', by which a start is found.

        Raises ValueError for a start or settings that do not fit, and when the loss of a face
        was never finite.
        """
        film = _Film(len(faces)) if self.recipe.film else None
        found = None if self._begun is None else load_begun(self._begun)
        if found is None:
            found = self._search(faces, names, film)
            if self._begun is not None:
                save_begun(self._begun, found)
        return [self._finish(face, found, k, film) for k, face in enumerate(faces)]

    def _search(
        self, faces: Sequence[CutFace], names: Sequence[str], film: _Film | None
    ) -> Inversion:
        """The inversion alone, before any tuning."""
        found = invert(
            self.generator,
            to_images(np.stack([face.crop for face in faces])),
            self._perceptual,
            self.recipe.settings,
            self.recipe.load_start(self.generator, names),
            InversionAids(statistics=self._statistics, watch=_tell_both(film, self.report)),
        )
        if found.failed.any():
            bad = ", ".join(n for n, failed in zip(names, found.failed, strict=True) if failed)
            raise ValueError(f"needs a finite loss; got none for {bad}; try another start or loss")
        return found

    def _finish(
        self, face: CutFace, found: Inversion, image: int, film: _Film | None
    ) -> InvertedPhoto:
        rows = found.w_plus[image]
        picture, likeness = self._judge(face, rows, self.generator, found, image)
        untuned, tuning = None, None
        if self.recipe.tune:
            target = to_images(face.crop[None])
            tuning = tune_generator(
                self.generator,
                Pivots(rows[None], target),
                self._perceptual,
                self.recipe.tuning,
                watch=lambda step, _: self.report(Progress("tune", step, self.recipe.tuning.steps)),
            )
            untuned = likeness
            picture, likeness = self._judge(face, rows, tuning.generator, found, image)
        frames = {} if film is None else {"film": film.list_frames(image)}
        return InvertedPhoto(face, rows, picture, likeness, found, image, untuned, tuning, **frames)

    def _judge(
        self, face: CutFace, rows: Rows, generator: TrainableGenerator, found: Inversion, image: int
    ) -> tuple[np.ndarray, Likeness]:
        """What the generator draws of the rows, and how alike it is."""
        maps = found.noise_maps
        with torch.no_grad():
            w_plus = rows[None].to(self.device)
            own = None if maps is None else [x[image : image + 1].to(self.device) for x in maps]
            noise = self.recipe.settings.noise
            drawn = to_frames(draw_pictures(generator, w_plus, generator.resolution, noise, own))
        pair = face.crop[None], drawn
        numbers = measure_likeness(*pair, self._perceptual, self.recipe.observer, self.device)
        return drawn[0], numbers[0]


def _tell_both(film: _Film | None, report: Report) -> Callable[[InversionStep], None]:
    """What watches an inversion: the film, where there is one, and whoever waits."""

    def watch(step: InversionStep) -> None:
        if film is not None:
            film(step)
        report(Progress("invert", round(100 * step.progress), 100))

    return watch


class _Film:
    """Watches an inversion and keeps small pictures of it: all, then every second, fourth ..."""

    def __init__(self, count: int) -> None:
        self._frames: list[dict[int, np.ndarray]] = [{} for _ in range(count)]
        self._every = 1

    def __call__(self, step: InversionStep) -> None:
        if step.step % self._every:
            return
        for at, frame in zip(step.images_at, step.draw_frames(FILM_PX), strict=True):
            self._frames[at][step.step] = frame
        if max(map(len, self._frames)) > FILM_FRAMES:
            self._every *= 2
            for frames in self._frames:
                for number in [n for n in frames if n % self._every]:
                    del frames[number]

    def list_frames(self, image: int) -> Frames:
        """The pictures of one image, in order."""
        kept = list(self._frames[image].values())
        return np.stack(kept) if kept else np.zeros((0, FILM_PX, FILM_PX, 3), np.uint8)
