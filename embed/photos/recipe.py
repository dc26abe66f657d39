"""How photos become latents: every choice in one record, which loads nothing until it is asked to.

In: the settings of a configuration. Out: models made sure of, faces cut out of files
(`CutFace`), the perceptual loss, and the same choices as plain JSON, by which results of other
choices are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from embed.faces.align import Crop, Quad, compute_quad, cut_quad
from embed.faces.base import Picture, Points
from embed.faces.landmarks import FaceFinder
from embed.inversion.invert import Start
from embed.inversion.settings import InversionSettings
from embed.inversion.tuning import TuningSettings
from embed.networks.perceptual import (
    PerceptualLoss,
    fetch_lpips_loss,
    fetch_vgg_loss,
    load_face_loss,
)
from embed.photos.loading import load_photo
from embed.photos.starts import MEAN, BundledStart, StartSource
from synth.faces.observers import (
    FaceEncoder,
    NeedsModels,
)
from synth.generators.base import Generator
from synth.resizing import resize_frames
from synth.storage.assets import fetch_asset, hash_file

#: Of `tune`: where it pays.
AUTO = "auto"
LOSSES = {"bundled": load_face_loss, "lpips": fetch_lpips_loss, "vgg": fetch_vgg_loss}
#: Cards of the files that each needs.
LOSS_MODELS: dict[str, Sequence[str]] = {"lpips": ("vgg16", "lpips-vgg"), "vgg": ("vgg16",)}


@dataclass(frozen=True, eq=False)
class CutFace:
    """The face of one file: the crop, and its corners `quad` in the upright photo.

    quad is None where the file was a crop already; sha256 is the file's.
    """

    path: str
    sha256: str
    crop: Crop
    quad: Quad | None
    photo_width_px: int
    photo_height_px: int


@dataclass(frozen=True, eq=False)
class FoundFace:
    """A photo [height, width, 3], decoded once, with the square of its face; sha256 of the file.

    quad is None where the whole picture is an aligned crop already. points: the face's 68, where it
    was looked for.
    """

    path: str
    sha256: str
    photo: Picture
    quad: Quad | None
    padding: str
    points: Points | None = None

    def cut(self, size_px: int) -> CutFace:
        """The face, `size_px` wide and high."""
        height, width = self.photo.shape[:2]
        if self.quad is None:
            crop = resize_frames(self.photo[None], size_px)[0]
        else:
            crop = cut_quad(self.photo, self.quad, size_px, self.padding).crop
        return CutFace(self.path, self.sha256, crop, self.quad, width, height)


@dataclass(frozen=True)
class InversionRecipe:
    """From a file to latents.

    finder: looks for the face; None for files that are aligned square crops already. which: the
        largest face, or one by its number. padding: see `embed.faces.align.align_face`.
    loss: bundled, lpips or vgg (Image2StyleGAN's; equation 2). start: where inversion begins; None
        for the mean latent.
    tune: bend the generator around each photo, by `tuning`; `auto` does so where the generator's
        own pixels are shown, which is everywhere but in films of a photo's own (`decide_tuning`).
    observer: who measures the identity distance; None for nobody. film: keep pictures of the
        optimisation for a video.
    device: auto, cpu, cuda ...
    Raises ValueError naming a setting that makes no sense.
    """

    finder: FaceFinder | None = field(default_factory=FaceFinder)
    which: str | int = "largest"
    padding: str = "edge"
    loss: str = "bundled"
    settings: InversionSettings = field(default_factory=InversionSettings)
    start: StartSource | None = None
    tune: bool | str = False
    tuning: TuningSettings = field(default_factory=TuningSettings)
    observer: FaceEncoder | None = None
    film: bool = False
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"needs loss among {', '.join(LOSSES)}; got {self.loss!r}")
        if self.tune not in (True, False, AUTO):
            raise ValueError(f"needs tune among true, false, {AUTO}; got {self.tune!r}")
        if self.which == "all":
            raise ValueError(
                "needs one face of each photo: which=largest or a number from 0 on; got all"
            )
        begins_at_w_plus = not isinstance(self.start, BundledStart | None)
        if begins_at_w_plus and self.settings.space == "z":
            raise ValueError("needs space w_plus or w to begin at W+; got z; try start=null")

    def decide_tuning(self, is_drawn: bool) -> InversionRecipe:
        """The same with `tune` true or false. is_drawn: the generator's own pixels are shown."""
        return replace(self, tune=is_drawn) if self.tune == AUTO else self

    def fetch_models(self) -> None:
        """Find, or download, and verify every model; raises what is wrong with one."""
        for part in (self.finder, self.observer):
            if isinstance(part, NeedsModels):
                part.fetch_models()
        for name in LOSS_MODELS.get(self.loss, ()):
            fetch_asset(name)

    def load_perceptual(self, device: torch.device) -> PerceptualLoss:
        """The loss on a device, its models at hand or fetched."""
        return LOSSES[self.loss](device=device)

    def load_start(self, generator: Generator, names: Sequence[str]) -> Start:
        """Where the inversion of each of the items `names` begins; in z always at random z."""
        if self.start is None or self.settings.space == "z":
            return None
        return self.start.load_start(generator, names)

    def find_face(self, path: str | Path) -> FoundFace:
        """Decode the photo in a file and find its face.

        Raises FileNotFoundError or ValueError naming the file: not a photo, broken, too large, no
        face, no face of that number, or no square crop where crops are expected.
        """
        photo = load_photo(path)
        height, width = photo.shape[:2]
        quad, points = None, None
        if self.finder is not None:
            points = self.finder.find_faces(photo, self.which, str(path))[0].points
            quad = compute_quad(points)
        elif height != width:
            raise ValueError(
                f"{path}: needs a square picture of an aligned face; got {width}x{height}; try "
                "finder=dlib, which finds the face and cuts it out"
            )
        return FoundFace(str(path), hash_file(path), photo, quad, self.padding, points)

    def cut_face(self, path: str | Path, size_px: int) -> CutFace:
        """The face of the photo in a file, `size_px` wide and high; raises as `find_face`."""
        return self.find_face(path).cut(size_px)

    def describe(self, generator: Generator) -> dict[str, Any]:
        """Every choice that a result of the generator depends on, as plain JSON."""
        return {
            "finder": None if self.finder is None else self.finder.describe(),
            "which": self.which,
            "padding": self.padding,
            "loss": self.loss,
            "settings": asdict(self.settings),
            "start": MEAN
            if self.start is None or self.settings.space == "z"
            else self.start.describe(generator),
            "tuning": asdict(self.tuning) if self.tune else None,
            "identity": None if self.observer is None else self.observer.name,
            "film": self.film,
        }
