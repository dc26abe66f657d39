"""The seam between motion and pictures: a path says which W+ belongs to which moment.

Any source of motion (an emotion track, a walk through random faces, later audio or another video)
ends in a LatentPath; the renderer asks it for a chunk of frames at a time, so that a film of any
length needs the memory of one chunk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, Protocol, get_args, runtime_checkable

import torch

from synth.emotions import find_close
from synth.types import Times, Transforms, WPlus

#: How the way from one keyframe to the next is filled; synth/motion/interpolation.py defines each.
Easing = Literal["linear", "halving", "smoothstep", "cubic", "spherical"]
EASINGS: tuple[str, ...] = get_args(Easing)

#: A film beyond these is a mistake: at ten frames a second it would take two days to render.
LONGEST_S = 24 * 3600
MOST_FRAMES = 2_000_000

#: In-between frames from one keyframe to the next when nothing else is asked (thesis, 3.10).
IN_BETWEEN_FRAMES = 32


@runtime_checkable
class LatentPath(Protocol):
    """When -> which W+. Evaluated lazily: a call costs memory for the asked times only."""

    @property
    def duration_s(self) -> float:
        """Length in seconds, at least 0."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the path is at its start again at `duration_s`; it then repeats for ever."""
        ...

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]; outside an open path: its ends."""
        ...


@runtime_checkable
class PlacedPath(LatentPath, Protocol):
    """A LatentPath that also says where the picture lies, for generators that can be told.

    Frames are drawn by `synthesis(..., transform=...)`: see `capabilities.transform`.
    """

    def find_transforms(self, times_s: Times) -> Transforms:
        """Times in seconds [frame] -> matrices [frame, 3, 3], from new places to old ones."""
        ...


def find_transforms(path: LatentPath, times_s: Times) -> Transforms | None:
    """Where the picture lies at these times; None for a path that leaves it alone."""
    return path.find_transforms(times_s) if isinstance(path, PlacedPath) else None


def check_seconds(what: str, seconds: float) -> None:
    """Raise ValueError unless `seconds` is a finite time of at least 0."""
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"needs a {what} of 0 s or more; got {seconds} s")


def check_easing(easing: object) -> Easing | None:
    """The name of an easing, or None; anything else raises ValueError."""
    if easing is not None and easing not in EASINGS:
        close = find_close(str(easing), EASINGS)
        hint = f"did you mean {close[0]!r}?" if close else "choose one of these"
        raise ValueError(f"needs an easing out of {', '.join(EASINGS)}; got {easing!r}; {hint}")
    return easing  # pyright: ignore[reportReturnType]


def compute_gap_s(fps: float | int, in_between_frames: int = IN_BETWEEN_FRAMES) -> float:
    """Seconds from one keyframe to the next that leave room for that many frames in between."""
    _check_fps(fps)
    if in_between_frames < 0:
        raise ValueError(f"needs 0 or more in-between frames; got {in_between_frames}; try 32")
    return (in_between_frames + 1) / fps


def compute_film_length(seconds: float | int, fps: float | int) -> float:
    """From the first to the last frame of a film of so many seconds: a frame less than it lasts.

    An open path of this duration films as long as `seconds`, exact to a frame.
    """
    _check_fps(fps)
    return (max(1, round(seconds * fps)) - 1) / fps


def count_frames(path: LatentPath, fps: float | int) -> int:
    """Frames of the whole film: an open path shows both its ends, a loop its seam only once.

    Raises ValueError for a film longer than anybody could mean.
    """
    _check_fps(fps)
    if not 0 <= path.duration_s <= LONGEST_S:
        raise ValueError(
            f"needs a film of at most {LONGEST_S // 3600} hours; got {path.duration_s:.4g} s; try "
            "shorter holds, fewer in-between frames, or several films"
        )
    steps = round(path.duration_s * fps)
    count = max(1, steps) if path.closed else steps + 1
    if count > MOST_FRAMES:
        raise ValueError(
            f"needs a film of at most {MOST_FRAMES:,} frames; got {count:,}; try fewer frames a "
            "second, or several films"
        )
    return count


def iterate_frame_times(
    path: LatentPath, fps: float | int, chunk_frames: int, first: int = 0
) -> Iterator[Times]:
    """Yield the frames' times in seconds from `first` on, float64, at most `chunk_frames` at once.

    Chunks are those of the whole film: `first` begins one. Raises ValueError where it does not.
    """
    if chunk_frames < 1:
        raise ValueError(f"needs a chunk of at least 1 frame; got {chunk_frames}; try 4")
    if first % chunk_frames:
        raise ValueError(f"needs a first frame that begins a chunk of {chunk_frames}; got {first}")
    total = count_frames(path, fps)
    for start in range(first, total, chunk_frames):
        stop = min(start + chunk_frames, total)
        yield torch.arange(start, stop, dtype=torch.float64) / fps


def _check_fps(fps: float | int) -> None:
    if not 0 < fps <= 1000:
        raise ValueError(f"needs frames per second above 0 and up to 1000; got {fps}; try fps=30")
