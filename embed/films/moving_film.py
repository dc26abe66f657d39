"""A clip whose person acts a track: its own frames, with the face moved.

In: a clip, what is known of the person (`PersonTrack`), a generator whose head is known. Out: for
each moment the clip's frame, its pixels moved as the generator's pictures of the person move from
W+ as in the frame to W+ with the track. Frames that do not show the person stay as they are, and so
do those in which something is before the face; around these the motion fades.

Symbols: w_k the person's W+ in frame k, c(w) the same at rest, p the path of the motion, r the face
that it was planned for, s_k how much of it frame k shows.

    W+ = w_k + s_k (c(w_k) + p(t) - r - w_k)    instead of what the person shows
    W+ = w_k + s_k (p(t) - r)                   more: in addition to it
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from embed.faces.align import cut_quad, map_crop_to_photo
from embed.faces.base import Picture
from embed.faces.learned.placer import RenderPoints
from embed.faces.resampling import invert_map, map_points
from embed.films.covering.finder import find_strengths
from embed.films.person_track import PersonTrack
from embed.moving.displacement import FIELD_PX
from embed.moving.head_tracker import HeadTracker
from embed.moving.moving_photo import MovedFrames, MovedPicture, MovingPhoto
from embed.moving.painting import Ground
from synth.faces.face import FollowedPath, FrameStage
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.bundled_head import BundledHead
from synth.generators.smaller import cut_generator
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.resizing import resize_frames
from synth.types import Frames, Rows, Times, WPlus, to_frames
from synth.video.reading import read_frames

#: The person as in the frame is drawn this large: only light and colours are taken from it.
REFERENCE_PX = 256


class ClipFrames:
    """Frames of a clip by their numbers; quick where numbers rise."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames: Iterator[Frames] = iter(())
        self._number = -1
        self._held: Picture | None = None

    def read(self, number: int) -> Picture:
        """One frame. Raises ValueError for a clip that is shorter."""
        if self._held is None or number < self._number:
            self._frames, self._number = read_frames(self._path, 1), -1
        while self._number < number:
            chunk = next(self._frames, None)
            if chunk is None:
                raise ValueError(
                    f"{self._path}: needs {number + 1} frames; got {self._number + 1}; has it "
                    "changed since?"
                )
            self._held, self._number = chunk[0], self._number + 1
        assert self._held is not None
        return self._held


@dataclass(frozen=True, eq=False)
class FilmedPerson:
    """`synth.faces.face.Acting`, and the PathStage of its film.

    person: r above, which every motion is planned for. more: see above. keep_covered: frames with
    something before the face stay as they are.
    """

    path: Path
    track: PersonTrack
    person: Rows
    generator: Generator
    head: BundledHead
    fitted: DirectionSet
    mask: LayerMask
    more: bool = False
    sound: Path | None = None
    keep_covered: bool = True
    _frames: ClipFrames = field(init=False, compare=False, repr=False)
    _drawing: Generator = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        drawing = accelerate(cut_generator(self.generator, REFERENCE_PX))
        object.__setattr__(self, "_frames", ClipFrames(self.path))
        object.__setattr__(self, "_drawing", drawing)

    @property
    def duration_s(self) -> float:
        """As long as the clip."""
        return len(self.track.quads) / self.track.fps

    def count_covered(self) -> int:
        """Frames that show the person and stay as they are, since something is before the face."""
        return int((self.track.seen & (np.array(self._strengths) == 0)).sum())

    @property
    def fps(self) -> float:
        """The clip's."""
        return self.track.fps

    def carry(self, path: FollowedPath, times_s: Times) -> WPlus:
        """W+ above; where the person is not seen, that of the motion alone."""
        told = path(times_s).cpu()
        pairs = zip(self._find_numbers(times_s), told, strict=True)
        return torch.stack([self._carry_one(*pair) for pair in pairs])

    def _carry_one(self, number: int, rows: Rows) -> Rows:
        if not self.track.shows(number):
            return rows
        own = self._read_rows(number)
        base = own if self.more else find_start(own, self.fitted, self.mask)
        return own + self._strengths[number] * (base + rows - self.person - own)

    def follow(self, path: FollowedPath, times_s: Times) -> FrameStage:
        """The stage for the path that `carry` made."""

        def move(frames: Frames, times_s: Times) -> MovedFrames:
            numbers = self._find_numbers(times_s)
            three = zip(numbers, path(times_s), frames, strict=True)
            return np.stack([self._draw(*one) for one in three])

        return move

    def _find_numbers(self, times_s: Times) -> list[int]:
        # A film's frame times are sums of rounded numbers: a hair before a frame is that frame.
        found = np.floor(times_s.double().cpu().numpy() * self.track.fps + 1e-6).astype(int)
        return found.clip(0, len(self.track.quads) - 1).tolist()

    def _read_rows(self, number: int) -> Rows:
        return torch.from_numpy(self.track.rows[number].astype(np.float32))

    @cached_property
    def _strengths(self) -> list[float]:
        """s above, of each frame."""
        covered = self.track.covered if self.keep_covered else np.zeros(len(self.track.quads))
        return find_strengths(covered, self.track.fps).tolist()

    def _draw(self, number: int, rows: Rows, picture: Picture) -> MovedPicture:
        """The clip's frame with the face at W+ [layer, w_dim], of which `picture` was drawn."""
        frame = self._frames.read(number)
        if not self.track.shows(number) or not self._strengths[number]:
            return frame
        quad, shown = self.track.quads[number], self._read_rows(number)
        to_square = invert_map(map_crop_to_photo(quad, 1))
        marks = map_points(to_square, self.track.points[number]) + 0.5
        tracker = HeadTracker(self.head, shown, marks, RenderPoints())
        crop = cut_quad(frame, quad, FIELD_PX).crop
        moving = MovingPhoto(Ground(frame, quad), crop, self._draw_reference(shown), tracker)
        return moving.draw(rows, resize_frames(picture[None], FIELD_PX)[0])

    def _draw_reference(self, rows: Rows) -> Picture:
        with torch.inference_mode():
            drawn = self._drawing.synthesis(rows[None, : self._drawing.num_layers])
            return resize_frames(to_frames(drawn), FIELD_PX)[0]
