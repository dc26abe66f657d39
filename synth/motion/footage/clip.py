"""A clip, read once from its first frame to its last, and what stays of it: a few bytes a frame.

In: a video. Out: a `Clip`: when each frame is shown, to which shot it belongs, how bright it is at
as many points as a latent has numbers, and how much has moved so far.

Points are means over the cells of a grid, not single pixels, so that the grain of a film is no
movement. A frame that differs from the last one that was taken by less than `STILL_LEVELS` on
average counts as the same: whoever holds the camera still gets a latent that stands still, and a
slow pan is still followed, since it is compared with the frame that was taken, not with the last.
An hour at 25 frames a second takes 15 MB at 140 points, 48 MB at 512.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from synth.progress import Progress, Report
from synth.video.cuts import make_glance
from synth.video.reading import MAX_FPS, probe_video
from synth.video.sampling import sample_video

Picture = UInt8[np.ndarray, "height width 3"]
FrameTimes = Float[np.ndarray, " frame"]
Shots = Int[np.ndarray, " frame"]

#: Longer side of the pictures that are looked at: MobileNet takes half of that.
LONGEST_PX = 448
#: Grey levels on average by which a frame must differ to count as another: encoders change a still
#: picture by less, key frames included.
STILL_LEVELS = 1.0
#: Change between two frames, in grey levels, that is one step of movement: somebody walks by.
STEP_LEVELS = 4.0
#: A flash is no more than so many steps.
MOST_STEPS = 3.0


@runtime_checkable
class Watcher(Protocol):
    """Who is shown every frame while the clip is read."""

    def see(self, picture: Picture, shot: int) -> None:
        """The next frame. Shots are numbered from 0."""
        ...


@dataclass(frozen=True, eq=False)
class Clip:
    """What stays of a clip's frames.

    times_s: from the first frame. shots: numbers from 0 that grow at cuts. points: grey levels, a
    row of the grid after the other. steps: movement since the beginning, cuts left out.
    duration_s: until the last frame ends.
    """

    times_s: FrameTimes
    shots: Shots
    points: UInt8[np.ndarray, "frame point"]
    steps: FrameTimes
    duration_s: float

    def locate(
        self, times_s: Float[np.ndarray, " time"]
    ) -> tuple[Int[np.ndarray, " time"], Int[np.ndarray, " time"], Float[np.ndarray, " time"]]:
        """The frames before and after each time, and the share of the way between them.

        Over a cut there is no way: the frame before stays until the one after comes.
        """
        # A film's frame times are sums of rounded numbers: a hair before a frame is that frame.
        before = np.searchsorted(self.times_s, times_s + 1e-6, side="right") - 1
        before = before.clip(0, len(self.times_s) - 1)
        after = (before + 1).clip(0, len(self.times_s) - 1)
        after = np.where(self.shots[after] == self.shots[before], after, before)
        gaps = self.times_s[after] - self.times_s[before]
        share = (times_s - self.times_s[before]) / np.where(gaps > 0, gaps, 1.0)
        return before, after, share.clip(0, 1) * (gaps > 0)

    def list_shots(self) -> list[slice]:
        """The frames of each shot."""
        starts = np.flatnonzero(np.diff(self.shots, prepend=-1))
        return [slice(*ends) for ends in zip(starts, [*starts[1:], len(self.shots)], strict=True)]


def read_clip(path: str | Path, point_count: int, watchers: Iterable[Watcher], report: Report):
    """Read a video to its end -> `Clip`; every frame is shown to the watchers and let go.

    Raises FileNotFoundError, or ValueError naming a file that holds no video of two frames.
    """
    total = check_clip(path)
    watchers = tuple(watchers)
    times_s: list[float] = []
    shots: list[int] = []
    points: list[np.ndarray] = []
    steps, end_s = [0.0], 0.0
    held = None
    for number, glimpse in enumerate(sample_video(path, MAX_FPS, LONGEST_PX)):
        end_s = glimpse.end_s
        glance = make_glance(glimpse.picture)[..., 0].astype(np.float32)
        is_new = not shots or shots[-1] != glimpse.shot
        change = np.inf if is_new or held is None else float(np.abs(glance - held).mean())
        if change >= STILL_LEVELS:
            held = glance
            points.append(sample_points(glimpse.picture, point_count))
        else:
            points.append(points[-1])  # the same array: a still scene costs nothing
        moved = 0.0 if is_new or change < STILL_LEVELS else min(change / STEP_LEVELS, MOST_STEPS)
        steps.append(steps[-1] + moved)
        times_s.append(glimpse.time_s)
        shots.append(glimpse.shot)
        for watcher in watchers:
            watcher.see(glimpse.picture, glimpse.shot)
        report(Progress("read", min(number + 1, total), total))
    return Clip(np.array(times_s), np.array(shots), np.stack(points), np.array(steps[1:]), end_s)


def check_clip(path: str | Path) -> int:
    """How many frames a clip has, by its packets. Raises OSError or ValueError naming the file."""
    count = probe_video(path).frame_count
    if count < 2:
        raise ValueError(
            f"{path}: needs a clip of at least 2 frames to follow; got {count}; try a longer one"
        )
    return count


def sample_points(picture: Picture, count: int) -> UInt8[np.ndarray, " point"]:
    """Grey levels of a picture at `count` points of an even grid: the mean of each cell."""
    height, width = picture.shape[:2]
    columns = max(1, round(math.sqrt(count * width / height)))
    rows = math.ceil(count / columns)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    cells = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA).reshape(-1)
    chosen = np.linspace(0, len(cells) - 1, count).round().astype(int)
    return cells[chosen]
