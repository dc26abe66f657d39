"""A photo whose face moves as the generator's pictures move: the stage of a film.

In: frames that the generator drew, and the path that says from which W+. Out: the photo, or its
crop, moved (`embed.moving.painting`). A frame follows from its W+ and its picture alone, so that
any chunk may be asked for, and a still track gives still frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from embed.moving.displacement import FIELD_PX, FaceTracker, Weights
from embed.moving.grain import Grain, measure_grain
from embed.moving.head_mask import find_support
from embed.moving.layers import make_layers
from embed.moving.painting import Ground, paint_moved
from synth.faces.face import FollowedPath, FrameStage
from synth.types import Frames, Picture, Rows, Times

#: Other names than the input's: the sides differ.
MovedFrames = UInt8[np.ndarray, "frame photo_height photo_width 3"]
MovedPicture = UInt8[np.ndarray, "photo_height photo_width 3"]


@dataclass(frozen=True, eq=False)
class MovingPhoto:
    """A `synth.faces.face.PathStage`.

    ground: the photo and the square in it; crop: the square's pixels at the generator's size;
    reference: what the generator draws of the photo; tracker: made with that reference.
    """

    ground: Ground
    crop: Picture
    reference: Picture
    tracker: FaceTracker

    def follow(self, path: FollowedPath, times_s: Times) -> FrameStage | None:
        """The stage for this path; None for one that leaves the person."""
        if not all(self.tracker.fits(rows) for rows in path(times_s)):
            return None

        def move(frames: Frames, times_s: Times) -> MovedFrames:
            pairs = zip(path(times_s), frames, strict=True)
            return np.stack([self.draw(rows, frame) for rows, frame in pairs])

        return move

    def draw(self, rows: Rows, picture: Picture) -> MovedPicture:
        """The photo as it is at W+ [layer, w_dim], of which the generator drew the picture."""
        moved = self.tracker.find_displacement(rows, picture)
        if not moved.is_still:
            moved = replace(moved, shifts=moved.shifts * self._support[..., None])
        layers = make_layers(self.crop, self.reference, picture, moved)
        return paint_moved(self.ground, layers, grain=self._grain)

    @cached_property
    def _grain(self) -> Grain | None:
        """The photo's around its lips."""
        marks = self.tracker.marks
        return (
            None if marks is None else measure_grain(self.ground.photo, self.ground.to_photo, marks)
        )

    @cached_property
    def _support(self) -> Weights:
        """Where anything may move: the head, and a little around it."""
        marks = self.tracker.marks
        if marks is None:
            return np.ones((FIELD_PX, FIELD_PX), np.float32)
        return find_support(self.crop, marks)
