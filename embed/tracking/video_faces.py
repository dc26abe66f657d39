"""One person's face through a video, aligned in every frame, without shaking, in constant memory.

In: frames in order (any iterator of uint8 RGB pictures of one size) and their rate. Out: for each
frame, in order, a `TrackedFrame`: the frame itself and the face cut out of it
(`embed.faces.align`), or no face. What the thesis names as its limit, crops that shake since every
frame was aligned by itself, ends here: points are smoothed over time without lag
(`embed.tracking.point_smoothing`).

    frames = (frame for chunk in read_frames("video.mp4") for frame in chunk)
    for tracked in track_person(frames, fps, PersonTracker(FaceFinder(), encoder)):
        ...

Only `Smoothing.reach_s` ahead and a few frames more are held: about 19 at 25 frames a second.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from embed.faces.align import AlignedFace, align_face
from embed.faces.base import POINT_COUNT, NoFaceError, Picture, Points
from embed.faces.landmarks import FaceFinder
from embed.tracking.face_tracking import PersonTracker, Sighting
from embed.tracking.following import Following
from embed.tracking.point_smoothing import Smoothing, bridge_gaps, smooth_at

#: Sizes at which the frames of a video are searched: fewer than a photo's, since there are many.
VIDEO_SEARCH_PX = (640, 1280)


@dataclass(frozen=True, eq=False)
class TrackedFrame:
    """A frame with its face: `face` and smoothed `points` are None where the person is not seen.

    `seen` is False also where the face was bridged over a short gap.
    """

    index: int
    time_s: float
    frame: Picture
    face: AlignedFace | None
    points: Points | None
    seen: bool


@dataclass(frozen=True)
class CropSettings:
    """How crops are cut: see `embed.faces.align.align_face`."""

    size_px: int = 1024
    padding: str = "edge"
    colour: tuple[int, int, int] = (128, 128, 128)


def track_person(
    frames: Iterable[Picture],
    fps: float,
    tracker: PersonTracker | None = None,
    smoothing: Smoothing | None = None,
    crop: CropSettings | None = None,
    following: Following | None = None,
) -> Iterator[TrackedFrame]:
    """Yield every frame with the person's face, one after the other, some frames later than read.

    `tracker`, which must be new, says whom to follow, and how; None: the largest face of the first
    frame that shows any. Without an encoder (`embed.networks.identity.DlibFaceEncoder`) a person
    who was lost is followed again only where nobody else can be meant.
    `following` is kept up to date with every frame that is given out; one that was kept before
    goes on there: `frames` then begin with the one that is due, and the tracker may be new.
    Raises ValueError for a rate that is not above 0 and for frames of several sizes, and at the
    end NoFaceError when no frame showed the person.
    """
    if not 0 < fps < math.inf:
        raise ValueError(f"needs frames a second above 0; got {fps}")
    tracker = tracker or PersonTracker(FaceFinder(search_px=VIDEO_SEARCH_PX), None)
    finder, smoothing, crop = tracker.finder, smoothing or Smoothing(), crop or CropSettings()
    reach = math.ceil(smoothing.reach_s * fps)
    state = following or Following()
    tracker.memory = state.memory = state.memory or tracker.memory
    waiting: deque[Picture] = deque()

    def give() -> TrackedFrame:
        tracked = _finish(waiting.popleft(), state, fps, smoothing, crop)
        state.given, state.found = state.given + 1, state.found or tracked.face is not None
        state.forget(state.given - reach)
        return tracked

    for frame in frames:
        if waiting and frame.shape != waiting[0].shape:
            raise ValueError(f"needs frames of one size; got {waiting[0].shape} then {frame.shape}")
        waiting.append(frame)
        if state.given + len(waiting) > state.end:
            state.sightings.append(tracker.look(frame))
        if state.end - state.given > reach + tracker.detect_every:
            yield give()
    while waiting:
        yield give()
    if not state.found:
        raise NoFaceError(
            f"needs a video that shows the person; {finder.detector.name} found no such face in "
            f"{state.given} frames, searched at up to {finder.search_px} pixels; try another "
            "detector (hog, cnn, sfd), larger search sizes, or another choice of face"
        )


def _finish(
    frame: Picture, state: Following, fps: float, smoothing: Smoothing, crop: CropSettings
) -> TrackedFrame:
    """The frame that is due, with its face."""
    index, at = state.given, state.given - state.first
    sighting = state.sightings[at]
    track = gather_points(list(state.sightings), sighting.shot)
    times_s = np.arange(state.first, state.end) / fps
    points = smooth_at(times_s, bridge_gaps(times_s, track, smoothing.bridge_s), at, smoothing)
    time_s, seen = index / fps, not np.isnan(track[at]).any()
    if np.isnan(points).any():
        return TrackedFrame(index, time_s, frame, None, None, False)
    face = align_face(frame, points, crop.size_px, crop.padding, crop.colour)
    return TrackedFrame(index, time_s, frame, face, points, bool(seen))


def gather_points(sightings: list[Sighting], shot: int) -> Float[np.ndarray, "frame 68 2"]:
    """Points of one shot [frame, 68, 2]; NaN where nothing was seen, or nothing confirmed it later.

    Points that were carried on count when a detection after them, a cut or the video's end follows.
    """
    track = np.full((len(sightings), POINT_COUNT, 2), np.nan)
    is_confirmed = True
    for k in range(len(sightings) - 1, -1, -1):
        one = sightings[k]
        if one.points is None or one.shot != shot:
            is_confirmed = one.is_cut
            continue
        is_confirmed = is_confirmed or one.confirmed
        if is_confirmed:
            track[k] = one.points
        is_confirmed = is_confirmed or one.is_cut
    return track
