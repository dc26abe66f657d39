"""A photo as the face of a video: inverted once, kept by its content, pasted back if asked.

In: a photo's path and a recipe. Out: W+ for a generator, the generator itself (tuned around the
photo where that was asked for), and frames put back into the photo. Results are kept in the cache
folder under a hash of the photo's bytes, the generator and every setting, so that a second video of
the same photo inverts nothing.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from embed.faces.align import paste_crop
from embed.photos.inverter import PhotoInverter
from embed.photos.recipe import FoundFace, InversionRecipe
from embed.photos.result_folder import (
    load_result_generator,
    load_result_rows,
    save_result,
)
from embed.photos.result_names import CROP, FILM, LOSS_CURVE, REPORT, RESULTS, SIDE_BY_SIDE
from synth.devices import choose_device, find_device
from synth.faces.face import Face, FrameStage
from synth.generators.base import Generator
from synth.generators.capabilities import TrainableGenerator, need_differentiable
from synth.progress import Report, ignore_progress
from synth.resizing import resize_frames
from synth.storage.assets import find_cache_folder
from synth.storage.checksums import find_damage
from synth.types import Frames, Times

#: Other names than the input's: the sides differ.
PlacedFrames = UInt8[np.ndarray, "frame photo_height photo_width 3"]

#: Raised when results change in kind, so that older ones are not taken for them.
CACHE_VERSION = 2
#: After a result's name: its inversion, while the generator is being tuned.
BEGUN = ".begun.safetensors"
#: Side of a crop that is only made to see whether it can be.
PROBE_PX = 16
#: What is copied beside a video, and under which name.
BESIDE = {
    CROP: "photo_crop.png",
    SIDE_BY_SIDE: "photo_inversion.png",
    LOSS_CURVE: "photo_loss.png",
    REPORT: "photo_report.json",
    FILM: "photo_optimisation.mp4",
}


@dataclass(frozen=True)
class PhotoFace:
    """A FaceSource: the face in the photo at `path`.

    paste: frames are the photo with the moving face in it, faded in over `feather` of the crop's
        side; the photo's longer side is then at most `paste_px`.
    Raises ValueError for settings that cannot be met.
    """

    path: str
    recipe: InversionRecipe = field(default_factory=InversionRecipe)
    paste: bool = False
    paste_px: int = 1024
    feather: float | int = 0.1

    def __post_init__(self) -> None:
        if self.recipe.settings.noise == "optimised":
            raise ValueError(
                "needs noise const or none for the face of a video, whose frames share the "
                "generator's own noise; got optimised"
            )
        if self.paste and self.recipe.finder is None:
            raise ValueError("needs a finder to paste back where a face was found; got none")

    def check(self) -> None:
        """Models, the photo, its face: raises ValueError or OSError naming what is wrong."""
        self.recipe.fetch_models()
        self._found.cut(PROBE_PX)

    def prepare(self, generator: Generator, report: Report = ignore_progress) -> Face:
        """The face out of the cache, or found now, which takes a while.

        Raises ValueError for a photo without a face and for a generator without gradients.
        """
        self.check()
        own = need_differentiable(generator, "to invert a photo")
        folder = self.find_folder(own)
        if (damage := find_damage(folder)) is not None:
            if folder.is_dir():
                warnings.warn(
                    f"{damage}: the kept inversion of {self.path} is damaged and made again",
                    stacklevel=2,
                )
            self._invert(own, folder, report)
        kept = {copy: folder / name for name, copy in BESIDE.items() if (folder / name).is_file()}
        return Face(
            rows=load_result_rows(folder, own),
            generator=load_result_generator(folder, own),
            label=Path(self.path).name,
            place=self._make_place(),
            keepsakes=kept,
            originals=(Path(self.path),),
        )

    def find_folder(self, generator: TrainableGenerator) -> Path:
        """Where the photo's result is kept, or will be."""
        choices = {
            "version": CACHE_VERSION,
            "photo": self._found.sha256,
            "generator": generator.sha256,
            "recipe": self.recipe.describe(generator),
        }
        text = json.dumps(choices, sort_keys=True)
        return find_cache_folder() / RESULTS / hashlib.sha256(text.encode()).hexdigest()[:32]

    @cached_property
    def _found(self) -> FoundFace:
        """The photo, decoded and searched once."""
        return self.recipe.find_face(self.path)

    def _make_place(self) -> FrameStage | None:
        """What puts frames into the photo, with `paste`."""
        quad = self._found.quad if self.paste else None
        if quad is None:
            return None
        longest_px = max(self._found.photo.shape[:2])
        size_px = min(self.paste_px, longest_px)
        # Places are counted from the first pixel's centre; what scales is the first one's corner.
        quad = (quad + 0.5) * (size_px / longest_px) - 0.5
        small = resize_frames(self._found.photo[None], size_px)[0]

        def place(frames: Frames, times_s: Times) -> PlacedFrames:
            pasted = [paste_crop(small, frame, quad, float(self.feather)) for frame in frames]
            return np.stack(pasted)

        return place

    def _invert(self, generator: TrainableGenerator, folder: Path, report: Report) -> None:
        """Invert on the recipe's device; the generator goes back to where it was."""
        before, device = find_device(generator), choose_device(self.recipe.device)
        begun = folder.with_name(f"{folder.name}{BEGUN}")
        try:
            inverter = PhotoInverter(self.recipe, generator.to(device), report, begun)
            face = self._found.cut(generator.resolution)
            found = inverter.invert([face], [Path(self.path).name])[0]
        finally:
            generator.to(before)
        # Another process may have done the same meanwhile: either result is as good.
        save_result(folder, found, generator, self.recipe.describe(generator), replace=True)
        begun.unlink(missing_ok=True)
