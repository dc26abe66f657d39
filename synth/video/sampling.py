"""Look at a video a few times a second: fast, in constant memory, at true times.

In: a video file. Out: one `Glimpse` after the other, `rate` a second of the video's own clock
(variable frame rates included), each with its picture, and whether a cut came before it. Every
frame is decoded, but only those that are given out are converted to RGB; all are compared as tiny
pictures, so that a cut between two glimpses is seen (`synth.video.cuts`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.error import FFmpegError
from jaxtyping import UInt8

from synth.types import Frames
from synth.video.cuts import GLANCE_PX, Glance, is_cut, join_planes, make_glance
from synth.video.reading import decode_video, read_frames, turn_upright
from synth.video.reading import probe_video as _probe_video

DEFAULT_FRAME_S = 0.04


@dataclass(frozen=True, eq=False)
class Glimpse:
    """A picture at `time_s` from the video's first frame. `shot` counts from 0 and grows at cuts.

    `end_s`: up to when the video is known to last; the last glimpse's is its whole length.
    """

    time_s: float
    shot: int
    picture: UInt8[np.ndarray, "height width 3"]
    end_s: float


def sample_video(
    path: str | Path, rate: float | int = 5.0, longest_px: int | None = 1280
) -> Iterator[Glimpse]:
    """Yield glimpses, at most `rate` a second; a slower video gives each of its frames.

    Pictures are reduced to `longest_px` on their longer side; None: full size. A folder of PNG
    frames is read as well. Raises ValueError for a rate that is not above 0, and as
    `synth.video.reading.read_frames` for files that cannot be read to their end.
    """
    if not 0 < rate < math.inf:
        raise ValueError(f"needs a rate of pictures a second above 0; got {rate}; try 5")
    path = Path(path)
    timed = _read_folder(path, longest_px) if path.is_dir() else _read_file(path, longest_px)
    waiting: Glimpse | None = None
    before, shot, due_s = None, 0, 0.0
    for time_s, frame_s, glance, make_picture in timed:
        shot += before is not None and is_cut(before, glance)
        before = glance
        # A new shot is looked at at once: it may be over before the next glimpse is due.
        is_due = time_s >= due_s - frame_s / 2
        if waiting is not None and not is_due and shot == waiting.shot:
            waiting = replace(waiting, end_s=time_s + frame_s)
            continue
        if waiting is not None:
            yield waiting
        waiting = Glimpse(time_s, shot, make_picture(), time_s + frame_s)
        due_s = max(due_s + 1 / rate, time_s + 0.5 / rate)
    if waiting is not None:
        yield waiting


def load_frame(
    path: str | Path, time_s: float, longest_px: int | None = None
) -> UInt8[np.ndarray, "height width 3"]:
    """The picture that a video file shows `time_s` after its first frame; the last one after that.

    Reduced to `longest_px` on its longer side. Raises as `synth.video.reading.read_frames`.
    """
    chosen: av.VideoFrame | None = None
    first_s: float | None = None
    for frame in decode_video(path):
        at_s = frame.time or 0.0
        first_s = at_s if first_s is None else first_s
        if chosen is not None and at_s - first_s > time_s:
            break
        chosen = frame
    if chosen is None:
        raise ValueError(f"{path}: needs a video with a frame; got one without")
    return _make_picture(chosen, longest_px)


def _read_file(path: Path, longest_px: int | None):
    """(time, seconds of a frame, glance, picture when asked) of each frame."""
    first_s, last_s, frame_s = None, 0.0, DEFAULT_FRAME_S
    for frame in decode_video(path):
        time_s = frame.time if frame.time is not None else last_s + frame_s
        first_s = time_s if first_s is None else first_s
        if time_s > last_s and last_s > 0:
            frame_s = time_s - last_s
        own_s = float((frame.duration or 0) * (frame.time_base or 0)) or frame_s
        last_s = time_s
        glance = _glance_at(frame)
        yield time_s - first_s, own_s, glance, lambda: _make_picture(frame, longest_px)  # noqa: B023


def _read_folder(path: Path, longest_px: int | None):
    frame_s = 1 / _probe_video(path).fps
    chunks: Iterator[Frames] = read_frames(path, 1)
    for number, chunk in enumerate(chunks):
        glance = make_glance(chunk[0])
        yield number * frame_s, frame_s, glance, lambda: _reduce(chunk[0], longest_px)  # noqa: B023


def _glance_at(frame: av.VideoFrame) -> Glance:
    """For planar Y'CbCr of 8 bits straight from the frame's memory; else by way of small RGB."""
    name = frame.format.name
    if name.startswith(("yuv4", "yuvj4")) and not name.endswith(("le", "be")):
        return join_planes([_view_plane(plane) for plane in frame.planes[:3]])
    scale = min(1.0, 4 * GLANCE_PX / min(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    return make_glance(frame.reformat(width=width, height=height, format="rgb24").to_ndarray())


def _view_plane(plane: Any) -> np.ndarray:
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _make_picture(frame: av.VideoFrame, longest_px: int | None) -> np.ndarray:
    """Upright RGB, reduced by the decoder's own scaler."""
    longest = max(frame.width, frame.height)
    scale = 1.0 if longest_px is None else min(1.0, longest_px / longest)
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    try:
        rgb = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    except FFmpegError as error:
        raise ValueError(f"needs frames that can be shown as RGB; {error.strerror}") from error
    return np.ascontiguousarray(turn_upright(rgb, frame))


def _reduce(picture: np.ndarray, longest_px: int | None) -> np.ndarray:
    scale = 1.0 if longest_px is None else min(1.0, longest_px / max(picture.shape[:2]))
    if scale == 1.0:
        return picture
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
