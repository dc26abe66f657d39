"""Read videos: frames one chunk at a time in constant memory, and what a file says it holds.

In: mp4, webm, gif, anything PyAV decodes, or a folder of PNG frames. Out: uint8 RGB frames
[frame, height, width, 3]. Y'CbCr is converted by the stream's own tags; untagged streams are read
as BT.709 from 720 lines up and BT.601 below, as players do, and phone videos are turned upright.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from PIL import Image

from synth.types import Frames
from synth.video.colour import BT601, BT709, WEIGHTS, convert_to_rgb

#: Lines from which an untagged video is taken for high definition.
HD_LINES = 720
DEFAULT_PNG_FPS = 25.0
#: Frames a second that a video can have; slower, no fraction of small numbers tells the rate.
MIN_FPS, MAX_FPS = 0.01, 1000
#: A video that ends by more frames before its header's time was cut off; edits differ by less.
CUT_OFF_FRAMES = 3


@dataclass(frozen=True)
class VideoFacts:
    """What a file holds: counted frames, not the header's promise; `duration_s` is frames / fps."""

    frame_count: int
    fps: float
    width_px: int
    height_px: int
    codec: str
    tags: dict[str, str]

    @property
    def duration_s(self) -> float:
        """Playing time in seconds."""
        return self.frame_count / self.fps


def probe_video(path: str | Path) -> VideoFacts:
    """Count the frames of `path` (by reading all, decoding one) and read its rate, size and tags.

    Raises FileNotFoundError, or ValueError when it holds no readable video.
    """
    path = Path(path)
    if path.is_dir():
        return _probe_folder(path)
    with _open_video(path) as (container, stream):
        count = sum(1 for packet in container.demux(stream) if packet.size)
        rate = stream.average_rate or stream.guessed_rate
        if not count or not rate:
            raise ValueError(f"needs a video with at least one frame; got none in {path}")
        codec, tags = stream.codec_context.name, dict(container.metadata)
    # Asked of a frame: a phone's video has its turn beside the picture.
    height, width = next(read_frames(path, 1)).shape[1:3]
    return VideoFacts(count, float(rate), width, height, codec, tags)


def read_frames(path: str | Path, chunk_frames: int = 8) -> Iterator[Frames]:
    """Yield uint8 RGB chunks [<= chunk_frames, height, width, 3]; holds one chunk at a time.

    Raises FileNotFoundError, or ValueError naming the file when it is no video, is empty, or
    breaks off in the middle.
    """
    path = Path(path)
    if chunk_frames < 1:
        raise ValueError(f"needs chunk_frames of 1 or more; got {chunk_frames}")
    frames = _read_folder(path) if path.is_dir() else _decode(path)
    chunk: list[np.ndarray] = []
    for frame in frames:
        if chunk and frame.shape != chunk[0].shape:
            raise ValueError(
                f"needs frames of one size; got {chunk[0].shape} then {frame.shape} in {path}"
            )
        chunk.append(frame)
        if len(chunk) == chunk_frames:
            yield np.stack(chunk)
            chunk = []
    if chunk:
        yield np.stack(chunk)


@contextmanager
def _open_video(path: Path) -> Iterator[tuple[Any, Any]]:
    if not path.exists():
        raise FileNotFoundError(f"needs a video file; found nothing at {path}; check the path")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ValueError(f"needs a file with a video stream; found none in {path}")
            yield container, container.streams.video[0]
    except FFmpegError as error:
        raise ValueError(
            f"needs a readable video; {path} ({path.stat().st_size} bytes) is empty, broken or of "
            f"another kind ({error.strerror}); try another copy of it"
        ) from error


def _decode(path: Path) -> Iterator[np.ndarray]:
    reformatter = VideoReformatter()
    for frame in decode_video(path):
        yield turn_upright(_to_rgb(frame, reformatter), frame)


def turn_upright(pixels: np.ndarray, frame: av.VideoFrame) -> np.ndarray:
    """Pixels of a frame as a viewer sees them: a phone's video has its turn beside the picture."""
    return np.rot90(pixels, round((getattr(frame, "rotation", 0) or 0) / 90))


def decode_video(path: str | Path) -> Iterator[av.VideoFrame]:
    """Every frame of a file as PyAV has it, one at a time; errors as in `read_frames`."""
    path = Path(path)
    first_s, last_s, own_s = None, 0.0, 0.0
    with _open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            first_s = frame.time if first_s is None else first_s
            last_s = frame.time or last_s
            own_s = float((frame.duration or 0) * (frame.time_base or 0))
            yield frame
        if first_s is None:
            raise ValueError(f"needs a video with at least one frame; got none in {path}")
        promised_s = _read_promised_duration(container, stream)
        frame_s = 1 / float(stream.average_rate or DEFAULT_PNG_FPS)
        # A GIF that pauses at its end shows its last frame for longer than any other.
        got_s = last_s - first_s + max(own_s, frame_s)
        if got_s < promised_s - CUT_OFF_FRAMES * frame_s:
            raise ValueError(
                f"{path} breaks off: its header promises {promised_s:.2f} s, got {got_s:.2f} s; "
                "try another copy of it"
            )


def _read_promised_duration(container: Any, stream: Any) -> float:
    """Seconds that the header promises for the pictures; 0 when it says nothing of them alone."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    alone = len(container.streams) == 1 and container.duration
    return container.duration / 1e6 if alone else 0.0


def _to_rgb(frame: av.VideoFrame, reformatter: VideoReformatter) -> np.ndarray:
    name = frame.format.name
    if not name.startswith(("yuv", "nv", "p0", "yuyv", "uyvy")):
        return frame.to_ndarray(format="rgb24")
    untagged = BT709 if frame.height >= HD_LINES else BT601
    weights = WEIGHTS.get(int(frame.colorspace), untagged)
    full_range = frame.color_range == ColorRange.JPEG or name.startswith("yuvj")
    # Only the size of the chroma and the depth change here; colours are ours.
    target = "yuvj444p" if full_range else "yuv444p"
    even = reformatter.reformat(frame, format=target, interpolation=Interpolation.BICUBIC)
    return convert_to_rgb(even.to_ndarray(), weights, full_range)


def _list_pictures(folder: Path) -> list[Path]:
    pictures = sorted(folder.glob("frame_*.png"))
    if not pictures:
        raise ValueError(f"needs a folder with frame_000000.png and so on; found none in {folder}")
    return pictures


def _read_folder(folder: Path) -> Iterator[np.ndarray]:
    for path in _list_pictures(folder):
        try:
            with Image.open(path) as image:
                yield np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"needs a readable PNG; {path} is broken ({error})") from error


def _read_fps(text: str | None, picture: Path) -> float:
    """Frames a second as a picture's tag has them."""
    if text is None:
        return DEFAULT_PNG_FPS
    try:
        fps = float(text)
    except ValueError:
        fps = math.nan
    if not MIN_FPS <= fps <= MAX_FPS:
        raise ValueError(
            f"{picture}: needs a tag fps from {MIN_FPS} to {MAX_FPS}; got {text[:40]!r}; try "
            "writing the folder again, or pictures without the tag"
        )
    return fps


def _probe_folder(folder: Path) -> VideoFacts:
    pictures = _list_pictures(folder)
    try:
        with Image.open(pictures[0]) as image:
            tags = {str(key): str(value) for key, value in image.info.items()}
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"needs a readable PNG; {pictures[0]} is broken ({error})") from error
    fps = _read_fps(tags.get("fps"), pictures[0])
    return VideoFacts(len(pictures), fps, width, height, "png", tags)
