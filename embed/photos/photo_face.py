"""A photo as the face of a video: inverted once, kept by its content, pasted back if asked.

In: a photo's path and a recipe. Out: W+ for a generator, the generator itself (tuned around the
photo where that was asked for), and frames put back into the photo. Results are kept in the cache
folder under a hash of the photo's bytes, the generator and every setting, so that a second video of
the same photo inverts nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from embed.faces.align import paste_crop
from embed.photos.inverter import PhotoInverter
from embed.photos.loading import load_photo
from embed.photos.recipe import InversionRecipe
from embed.photos.result_folder import (
    load_result_generator,
    load_result_rows,
    save_result,
)
from embed.photos.result_names import CROP, FILM, LOSS_CURVE, REPORT, RESULTS, SIDE_BY_SIDE
from synth.devices import choose_device, find_device
from synth.faces.face import (
    FaceSource,
)
from synth.generators.base import Generator
from synth.generators.memory import reuse_freed_memory
from synth.generators.stylegan2 import StyleGAN2
from synth.resizing import resize_frames
from synth.storage.assets import find_cache_folder, hash_file
from synth.storage.atomic import write_atomically
from synth.types import Frames, Rows

#: Raised when results change in kind, so that older ones are not taken for them.
CACHE_VERSION = 1
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
class PhotoFace(FaceSource):
    """The face in the photo at `path`.

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

    def fetch_models(self) -> None:
        """Everything that can be wrong before a generator is loaded: models, the photo, its face.

        Raises ValueError or OSError naming the photo or the model.
        """
        self.recipe.fetch_models()
        self.recipe.cut_face(self.path, PROBE_PX)

    def load_rows(self, generator: Generator) -> Rows:
        """W+ [layer, w_dim] of the face: out of the cache, or found now, which takes a while.

        Raises ValueError for a photo without a face and for a generator without gradients.
        """
        own = check_generator(generator)
        folder = self.find_folder(own)
        if not folder.is_dir():
            self._invert(own, folder)
        return load_result_rows(folder, own)

    def load_generator(self, generator: Generator) -> StyleGAN2:
        """The generator that draws the face: a tuned copy, or the given one. After `load_rows`."""
        own = check_generator(generator)
        return load_result_generator(self.find_folder(own), own)

    def save_beside(self, folder: Path, generator: Generator) -> None:
        """Copy crop, inversion, loss curve and report into a video's folder. After `load_rows`."""
        source = self.find_folder(check_generator(generator))
        for name, copy in BESIDE.items():
            if (source / name).is_file():
                with write_atomically(folder / copy) as temporary:
                    shutil.copyfile(source / name, temporary)

    def place_frames(self, chunks: Iterable[Frames]) -> Iterator[Frames]:
        """The frames, or with `paste` the photo with each of them in it."""
        quad = self.recipe.cut_face(self.path, PROBE_PX).quad if self.paste else None
        if quad is None:
            yield from chunks
            return
        photo = load_photo(self.path)
        size_px = min(self.paste_px, max(photo.shape[:2]))
        # Places are counted from the first pixel's centre; what scales is the first one's corner.
        quad = (quad + 0.5) * (size_px / max(photo.shape[:2])) - 0.5
        small = resize_frames(photo[None], size_px)[0]
        for chunk in chunks:
            yield np.stack([paste_crop(small, frame, quad, float(self.feather)) for frame in chunk])

    def find_folder(self, generator: StyleGAN2) -> Path:
        """Where the photo's result is kept, or will be."""
        choices = {
            "version": CACHE_VERSION,
            "photo": hash_file(self.path),
            "generator": generator.sha256,
            "recipe": self.recipe.describe(generator),
        }
        text = json.dumps(choices, sort_keys=True)
        return find_cache_folder() / RESULTS / hashlib.sha256(text.encode()).hexdigest()[:32]

    def _invert(self, generator: StyleGAN2, folder: Path) -> None:
        """Invert on the recipe's device; the generator goes back to where it was."""
        before, device = find_device(generator), choose_device(self.recipe.device)
        if device.type == "cpu":
            reuse_freed_memory()
        try:
            inverter = PhotoInverter(self.recipe, generator.to(device))
            found = inverter.invert([inverter.cut_face(self.path)], [Path(self.path).name])[0]
        finally:
            generator.to(before)
        # Another process may have done the same meanwhile: either result is as good.
        save_result(folder, found, generator, self.recipe.describe(generator), replace=True)


def check_generator(generator: Generator) -> StyleGAN2:
    """The generator, if gradients can pass through it. Raises ValueError for another."""
    if not isinstance(generator, StyleGAN2):
        raise ValueError(
            f"needs a StyleGAN2 to invert a photo; got {type(generator).__name__}; try the "
            "generator that was loaded, before it was accelerated"
        )
    return generator
