"""A video of a person -> latents of every frame: tracked, cut out and inverted, resumable.

In: a video and a recipe. Out: in a folder, latents.npz (`w` [frame, layer, w_dim], `times_s`,
`index`, `quads`, `losses`) and frames/, a small side by side and a file of latents per frame. Each
frame is saved as soon as it is found; the same call again finds the others. Frames that do not
show the person are left out: their latents are those between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from embed.faces.base import FaceBoxEncoder, Picture
from embed.inversion.objective import draw_pictures
from embed.inversion.sequence import SequenceInverter
from embed.networks.vgg16 import reduce_images
from embed.photos.recipe import InversionRecipe
from embed.tracking.face_tracking import PersonTracker
from embed.tracking.video_faces import CropSettings, track_person
from synth.devices import find_device
from synth.faces.latents import load_latents, save_latents
from synth.generators.capabilities import TrainableGenerator
from synth.resizing import resize_frames
from synth.storage.arrays import load_arrays
from synth.storage.atomic import write_atomically
from synth.types import Frames, WPlus, to_frames, to_images
from synth.video.provenance import png_tags
from synth.video.reading import probe_video, read_frames

LATENTS = "latents.npz"
#: Side of each half of the small side by side.
SEEN_PX = 256
_NUMBERS = ("times_s", "index", "quads", "losses")


@dataclass(frozen=True, eq=False)
class FrameCrop:
    """The face of a frame; quad [4, 2] in the frame's pixels, NaN where it was a crop already."""

    index: int
    time_s: float
    crop: Picture
    quad: np.ndarray


@dataclass(frozen=True)
class VideoInversion:
    """Where results go, and what is taken of the video: every n-th frame.

    next_steps, next_budget_s: what ends the inversion of each frame after the first.
    Raises ValueError for a stride below 1.
    """

    folder: Path
    recipe: InversionRecipe
    every: int = 1
    next_steps: int | None = 60
    next_budget_s: float | None = None

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"needs every of 1 or more; got {self.every}")

    def run(
        self, path: str | Path, generator: TrainableGenerator
    ) -> Iterator[tuple[FrameCrop, bool]]:
        """Invert the frames in order; yields each, and whether it was done before.

        The generator lies on the device to compute on. Raises ValueError or OSError for a video
        that cannot be read, NoFaceError for one without a face, and ValueError for a frame whose
        loss was never finite.
        """
        device = find_device(generator)
        inverter = SequenceInverter(
            generator,
            self.recipe.load_perceptual(device),
            self.recipe.settings,
            replace(self.recipe.settings, steps=self.next_steps, budget_s=self.next_budget_s),
            self.recipe.load_start(generator, [Path(path).stem]),
        )
        for crop in self._cut_frames(Path(path), generator.resolution):
            file = self._find_file(crop.index)
            if file.is_file():
                inverter.go_on_from(load_latents(file, generator))
                yield crop, True
                continue
            found = inverter.invert_next(to_images(crop.crop[None]))
            if found.failed[0]:
                raise ValueError(f"{path}: needs a finite loss; got none in frame {crop.index}")
            self._save_frame(crop, found.w_plus, float(found.losses[0]), generator)
            yield crop, False

    def collect(self, generator: TrainableGenerator, metadata: dict[str, Any]) -> Path:
        """latents.npz out of all frames that are done; returns its path."""
        files = sorted((self.folder / "frames").glob("[0-9]*.npz"))
        if not files:
            raise ValueError(f"needs at least one frame in {self.folder}; got none")
        w_plus = torch.cat([load_latents(file, generator) for file in files])
        extra: dict[str, list[np.ndarray]] = {}
        for file in files:
            content = load_arrays(file, _NUMBERS)
            for name in _NUMBERS:
                if name not in content:
                    raise ValueError(f"{file}: needs an array {name}; got none; try removing it")
                extra.setdefault(name, []).append(content[name])
        joined = {name: np.concatenate(parts) for name, parts in extra.items()}
        save_latents(self.folder / LATENTS, w_plus, {**metadata, **joined})
        return self.folder / LATENTS

    def read_seen(self) -> Iterator[Frames]:
        """The small side by sides, in order, one at a time, for a video of them."""
        for file in sorted((self.folder / "frames").glob("[0-9]*.png")):
            with Image.open(file) as image:
                yield np.asarray(image.convert("RGB"))[None]

    def _cut_frames(self, path: Path, size_px: int) -> Iterator[FrameCrop]:
        fps = probe_video(path).fps
        frames = (frame for chunk in read_frames(path) for frame in chunk)
        finder, padding = self.recipe.finder, self.recipe.padding
        if finder is None:
            for index, frame in enumerate(frames):
                if index % self.every == 0:
                    crop = _check_square(resize_frames(frame[None], size_px)[0], path)
                    yield FrameCrop(index, index / fps, crop, np.full((4, 2), np.nan))
            return
        someone = self.recipe.observer
        encoder = someone if isinstance(someone, FaceBoxEncoder) else None
        tracker = PersonTracker(finder, encoder, self.recipe.which)
        for one in track_person(frames, fps, tracker, crop=CropSettings(size_px, padding)):
            if one.face is not None and one.index % self.every == 0:
                yield FrameCrop(one.index, one.time_s, one.face.crop, one.face.quad)

    def _find_file(self, index: int) -> Path:
        return self.folder / "frames" / f"{index:06d}.npz"

    def _save_frame(
        self, crop: FrameCrop, w_plus: WPlus, loss: float, generator: TrainableGenerator
    ) -> None:
        """The side by side, then the latents, which say that the frame is done."""
        file = self._find_file(crop.index)
        picture = file.with_suffix(".png")
        size_px = min(SEEN_PX, generator.resolution)
        with torch.no_grad():
            rows = w_plus.to(find_device(generator))
            noise = self.recipe.settings.noise
            drawn = draw_pictures(generator, rows, generator.resolution, noise)
            small = to_frames(reduce_images(drawn, size_px))
        pair = np.concatenate([resize_frames(crop.crop[None], size_px), small], axis=2)[0]
        with write_atomically(picture) as temporary:
            tags = png_tags(f"generator {generator.name}")
            Image.fromarray(pair).save(temporary, format="PNG", pnginfo=tags)
        numbers = {
            "times_s": np.array([crop.time_s]),
            "index": np.array([crop.index]),
            "quads": crop.quad[None],
            "losses": np.array([loss]),
        }
        save_latents(file, w_plus, numbers)


def _check_square(frame: Picture, path: Path) -> Picture:
    height, width = frame.shape[:2]
    if height != width:
        raise ValueError(
            f"{path}: needs square frames of an aligned face; got {width}x{height}; try "
            "finder=dlib, which finds the face and cuts it out"
        )
    return frame
