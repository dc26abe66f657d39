"""A photo as the face of a video: inverted once, kept by its content, pasted back if asked.

In: a photo's path and a recipe. Out: W+ for a generator, the generator itself (tuned around the
photo where that was asked for), and frames put back into the photo. Results are kept in the cache
folder under a hash of the photo's bytes, the generator and every setting, so that a second video of
the same photo inverts nothing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from embed.faces.align import Quad, map_crop_to_photo, paste_crop
from embed.faces.base import Picture
from embed.faces.learned.placer import RenderPoints
from embed.faces.resampling import invert_map, map_points
from embed.moving.displacement import FaceTracker, Marks
from embed.moving.head_mask import find_head_mask
from embed.moving.head_tracker import HeadTracker
from embed.moving.landmark_tracker import LandmarkTracker, find_marks_near
from embed.moving.moving_photo import MovingPhoto
from embed.moving.painting import Ground, frame_crop
from embed.photos.inverter import PhotoInverter
from embed.photos.loading import load_photo
from embed.photos.recipe import FoundFace, InversionRecipe
from embed.photos.result_folder import (
    load_result_generator,
    load_result_rows,
    load_result_warnings,
    save_result,
)
from embed.photos.result_names import (
    CROP,
    FILM,
    LOSS_CURVE,
    RECONSTRUCTION,
    REPORT,
    RESULTS,
    SIDE_BY_SIDE,
)
from synth.devices import choose_device, find_device
from synth.faces.face import Face, FrameStage
from synth.generators.base import Generator
from synth.generators.bundled_head import find_head
from synth.generators.capabilities import TrainableGenerator, need_differentiable
from synth.progress import Report, ignore_progress
from synth.resizing import resize_frames
from synth.storage.assets import find_cache_folder
from synth.storage.checksums import find_damage
from synth.storage.run_settings import hash_settings
from synth.types import Frames, Times

#: Other names than the input's: the sides differ.
PlacedFrames = UInt8[np.ndarray, "frame photo_height photo_width 3"]

#: Raised when results change in kind, so that older ones are not taken for them.
CACHE_VERSION = 3
#: What a film of a photo may be made of.
PIXELS = ("photo", "points", "generator")
#: Longest side of a pasted film.
LARGEST_PHOTO_PX = 8192
#: After a result's name: its inversion, while the generator is being tuned.
BEGUN = ".begun.safetensors"
#: A crop that is only made to see whether it can be: pixels of the photo for one of it, since what
#: is reduced more is filtered longer (a minute for 8K), and its least side.
PROBE_REDUCTION, LEAST_PROBE_PX = 4, 16
#: Side of the square in which the head is looked for.
MASK_SIDE_PX = 512
#: Corners of the box around the points of a face in a square that was cut by them.
USUAL = np.array([(0.2, 0.3), (0.8, 0.92)])
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

    pixels: `photo` moves the photo's own pixels (`embed.moving`), where the motion keeps the
        person and the generator's head is known, as the bundled one's is; `points` does so for any
        generator, by points and flow found in its pictures, less exactly; `generator` shows what it
        draws.
    paste: frames are the whole photo, its longer side at most `paste_px` (None: as it is, up to
        8192). What the generator draws is put on the head alone (`embed.moving.head_mask`), and
        faded out over `feather` of the crop's side.
    Raises ValueError for settings that cannot be met.
    """

    path: str
    recipe: InversionRecipe = field(default_factory=InversionRecipe)
    paste: bool = False
    paste_px: int | None = None
    feather: float | int = 0.1
    pixels: str = "photo"

    def __post_init__(self) -> None:
        if self.pixels not in PIXELS:
            raise ValueError(f"needs pixels among {', '.join(PIXELS)}; got {self.pixels!r}")
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
        found = self._found
        side_px = 0.0 if found.quad is None else float(np.hypot(*(found.quad[3] - found.quad[0])))
        found.cut(max(LEAST_PROBE_PX, round(side_px / PROBE_REDUCTION)))

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
        found_short = load_result_warnings(folder)
        for text in found_short:
            warnings.warn(text, stacklevel=2)
        return Face(
            rows=load_result_rows(folder, own),
            generator=load_result_generator(folder, own),
            label=Path(self.path).name,
            place=self._make_place(),
            moves=self._make_moves(folder, own),
            keepsakes=kept,
            originals=(Path(self.path),),
            warnings=found_short,
        )

    def find_folder(self, generator: TrainableGenerator) -> Path:
        """Where the photo's result is kept, or will be."""
        choices = {
            "version": CACHE_VERSION,
            "photo": self._found.sha256,
            "generator": generator.sha256,
            "recipe": self._decide(generator).describe(generator),
        }
        return find_cache_folder() / RESULTS / hash_settings(choices)[:32]

    def _decide(self, generator: TrainableGenerator) -> InversionRecipe:
        """The recipe with `tune` decided: a head that is known moves a photo without it."""
        is_moved = self.pixels == "photo" and find_head(generator) is not None
        return self.recipe.decide_tuning(is_drawn=not is_moved)

    @cached_property
    def _found(self) -> FoundFace:
        """The photo, decoded and searched once."""
        return self.recipe.find_face(self.path)

    def _make_place(self) -> FrameStage | None:
        """What puts frames into the photo, with `paste`."""
        quad = self._found.quad if self.paste else None
        if quad is None:
            return None
        mask = find_head_mask(self._found.cut(MASK_SIDE_PX).crop, self._find_marks(quad))
        small, quad = self._fit_photo(quad)

        def place(frames: Frames, times_s: Times) -> PlacedFrames:
            feather = float(self.feather)
            return np.stack([paste_crop(small, frame, quad, feather, mask) for frame in frames])

        return place

    def _fit_photo(self, quad: Quad) -> tuple[Picture, Quad]:
        """The photo at the film's size, and the square in it."""
        longest_px = max(self._found.photo.shape[:2])
        size_px = min(self.paste_px or LARGEST_PHOTO_PX, longest_px)
        # Places are counted from the first pixel's centre; what scales is the first one's corner.
        quad = (quad + 0.5) * (size_px / longest_px) - 0.5
        return resize_frames(self._found.photo[None], size_px)[0], quad

    def _make_moves(self, folder: Path, generator: TrainableGenerator) -> MovingPhoto | None:
        """What moves the photo's own pixels; None where nothing can say how."""
        found = self._found
        head = find_head(generator) if self.pixels == "photo" else None
        if head is None and self.pixels != "points":
            return None
        rows = load_result_rows(folder, generator)
        crop, reference = (load_photo(folder / name) for name in (CROP, RECONSTRUCTION))
        finder = self.recipe.finder
        placer = RenderPoints() if finder is None else finder.placer
        if found.quad is not None:
            marks = self._find_marks(found.quad)
        else:  # an aligned crop, whose face is where all such faces are
            near = USUAL if head is None else head.place(rows).points[head.landmarks]
            marks = find_marks_near(placer, crop, near)
        if head is not None:
            tracker: FaceTracker = HeadTracker(head, rows, marks, RenderPoints())
        else:
            tracker = LandmarkTracker(placer, reference, marks)
        if self.paste and found.quad is not None:
            ground = Ground(*self._fit_photo(found.quad))
        else:
            ground = frame_crop(crop)
        return MovingPhoto(ground, crop, reference, tracker)

    def _find_marks(self, quad: Quad) -> Marks:
        """The photo's points in picture widths of the square."""
        points = self._found.points
        assert points is not None  # where there is a square, points were found
        return map_points(invert_map(map_crop_to_photo(quad, 1)), points) + 0.5

    def _invert(self, generator: TrainableGenerator, folder: Path, report: Report) -> None:
        """Invert on the recipe's device; the generator goes back to where it was."""
        before, device = find_device(generator), choose_device(self.recipe.device)
        begun = folder.with_name(f"{folder.name}{BEGUN}")
        recipe = self._decide(generator)
        try:
            inverter = PhotoInverter(recipe, generator.to(device), report, begun)
            face = self._found.cut(generator.resolution)
            found = inverter.invert([face], [Path(self.path).name])[0]
        finally:
            generator.to(before)
        # Another process may have done the same meanwhile: either result is as good.
        save_result(folder, found, generator, recipe.describe(generator), replace=True)
        begun.unlink(missing_ok=True)
