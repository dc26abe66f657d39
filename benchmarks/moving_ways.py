"""Ways to move a photo's pixels, for `benchmarks.moving`: told the true W+, or as a film does.

In: a `Pair`, a rendered person at rest and with an emotion. Out: the picture that a way makes of
the one at rest, and the displacement that it went by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from embed.faces.learned.placer import RenderPoints
from embed.inversion.settings import InversionSettings
from embed.moving.displacement import FIELD_PX, Displacement
from embed.moving.flow import find_flow, refine_by_flow
from embed.moving.head_tracker import HeadTracker
from embed.moving.landmark_tracker import LandmarkTracker, find_marks_near
from embed.moving.layers import make_layers
from embed.moving.moving_photo import MovingPhoto
from embed.moving.painting import frame_crop, paint_moved
from embed.photos.photo_face import PhotoFace
from embed.photos.recipe import InversionRecipe
from embed.photos.starts import BundledStart
from synth.faces.face import Face
from synth.generators import bundled_parameters as learned
from synth.generators import load_bundled_generator
from synth.generators.base import Generator
from synth.generators.bundled_head import SHAPE_ROWS, BundledHead
from synth.resizing import resize_frames
from synth.types import Picture, Rows, to_frames


@dataclass(frozen=True, eq=False)
class Pair:
    """One person at rest and with an emotion in full: pictures, W+ [layer, w_dim] of the workshop's
    vocabulary, points at rest in picture widths, true shifts [n, n, 2] on the grid of displacements
    and where they are known [n, n]."""

    before: Picture
    now: Picture
    rows: tuple[torch.Tensor, torch.Tensor]
    marks: np.ndarray
    shifts: np.ndarray
    known: np.ndarray
    emotion: str


@dataclass(frozen=True, eq=False)
class Made:
    """What a way made of a pair's picture at rest, of the same size; the displacement, if any."""

    picture: Picture
    moved: Displacement | None


Way = Callable[[Pair], Made]
Tracking = Callable[[Pair], Displacement]


def list_ways(head: BundledHead) -> dict[str, Way]:
    """Ways that are told the true W+ or both true pictures, by name.

    head: reads the W+ of pairs.
    """
    placer = RenderPoints()

    def stay(pair: Pair) -> Displacement:
        nothing = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32)
        none = np.zeros((2, 2))
        marks = pair.marks, pair.marks, pair.marks
        return Displacement(nothing, np.ones_like(nothing[..., 0]), *marks, none, none)

    def flow(pair: Pair) -> Displacement:
        return replace(stay(pair), shifts=find_flow(pair.before, pair.now))

    def find_marks(pair: Pair) -> np.ndarray:
        return find_marks_near(placer, pair.before, pair.marks)

    def landmarks(pair: Pair) -> Displacement:
        tracker = LandmarkTracker(placer, pair.before, find_marks(pair))
        return tracker.find_displacement(pair.rows[1], pair.now)

    def known_head(pair: Pair) -> Displacement:
        return HeadTracker(head, pair.rows[0]).find_displacement(pair.rows[1], pair.now)

    def laid_head(pair: Pair) -> Displacement:
        tracker = HeadTracker(head, pair.rows[0], find_marks(pair), placer)
        return tracker.find_displacement(pair.rows[1], pair.now)

    def refined_head(pair: Pair) -> Displacement:
        return refine_by_flow(known_head(pair), pair.before, pair.now)

    trackings = {
        "no motion": stay,
        "DIS flow": flow,
        "landmarks and flow": landmarks,
        "the head": known_head,
        "the head on found points": laid_head,
        "the head, then flow": refined_head,
    }
    return {name: _paint_by(tracking) for name, tracking in trackings.items()}


def _paint_by(tracking: Tracking) -> Way:
    """The picture at rest moved so; it stands for what the generator draws of it, too."""

    def make(pair: Pair) -> Made:
        moved = tracking(pair)
        layers = make_layers(pair.before, pair.before, pair.now, moved)
        return Made(paint_moved(frame_crop(pair.before), layers), moved)

    return make


@dataclass(frozen=True, eq=False)
class Films:
    """Pictures as a film makes them: the picture at rest is inverted, and its W+ told the emotion.

    folder: where pictures are put to be found; steps: of the inversion; is_tuned: what the tuned
    generator draws is shown, too. Results are kept in the cache folder like those of any photo.
    """

    generator: Generator
    folder: Path
    steps: int
    is_tuned: bool

    def list_ways(self) -> dict[str, Way]:
        """What films show, by name."""
        ways = {
            "as a film, pixels=photo": self.move_photo,
            "as a film, pixels=generator, untuned": lambda pair: self._draw_generated(pair, False),
        }
        if self.is_tuned:
            ways["as a film, pixels=generator, tuned"] = lambda pair: self._draw_generated(
                pair, True
            )
        return ways

    def move_photo(self, pair: Pair) -> Made:
        """The picture's own pixels."""
        face = self._prepare(pair, "photo", tune=False)
        moving = face.moves
        if not isinstance(moving, MovingPhoto):
            raise ValueError("needs the bundled generator's head; try python -m scripts.fit_head")
        rows = _show(face.rows, pair.emotion)
        drawn = _draw(face.generator, rows)
        # The picture itself is moved, as a whole photo is, not its crop at the generator's size.
        picture = replace(moving, ground=frame_crop(pair.before)).draw(rows, drawn)
        return Made(picture, moving.tracker.find_displacement(rows, drawn))

    def _draw_generated(self, pair: Pair, is_tuned: bool) -> Made:
        face = self._prepare(pair, "generator", is_tuned)
        drawn = _draw(face.generator, _show(face.rows, pair.emotion))
        return Made(resize_frames(drawn[None], pair.before.shape[0])[0], None)

    def _prepare(self, pair: Pair, pixels: str, tune: bool) -> Face:
        path = self.folder / "render.png"
        Image.fromarray(pair.before).save(path)
        settings = InversionSettings(steps=self.steps)
        recipe = InversionRecipe(finder=None, start=BundledStart(), settings=settings, tune=tune)
        return PhotoFace(str(path), recipe, pixels=pixels).prepare(self.generator)


def load_films(folder: Path, steps: int, is_tuned: bool) -> Films:
    """With the bundled generator."""
    return Films(load_bundled_generator(), folder, steps, is_tuned)


def _show(rows: Rows, emotion: str) -> Rows:
    """W+ with an emotion in full more, in the rows that hold expressions."""
    faces = np.zeros((2, learned.NUM_PARAMETERS), np.float32)
    faces[1, learned.IDENTITY_MODES + learned.EMOTIONS.index(emotion)] = 1
    w = learned.make_target_latents(faces)
    shown = rows.clone()
    shown[:SHAPE_ROWS] += torch.from_numpy(w[1] - w[0])
    return shown


def _draw(generator: Generator, rows: Rows) -> Picture:
    with torch.inference_mode():
        return to_frames(generator.synthesis(rows[None]))[0]
