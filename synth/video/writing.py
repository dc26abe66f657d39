"""Write a stream of frames as a video while the frames are still being made.

In: an iterable of uint8 RGB chunks [frame, height, width, 3]. Out: .mp4 (H.264), .webm (VP9), .gif,
or a folder of PNG frames, whole or not at all. A worker thread resizes and encodes behind a short
queue, so that encoding overlaps rendering and memory does not grow with length. Reading is in
`synth.video.reading`, the encoders in `synth.video.encoders`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from synth.resizing import ResizedFrames, pad_to_even, resize_frames
from synth.storage.atomic import write_atomically, write_folder_atomically
from synth.types import Frames
from synth.video.background import check_chunks, run_in_background, writing_to
from synth.video.encoders import (
    ContainerEncoder,
    Encoding,
    FrameEncoder,
    PngFolderEncoder,
    check_encoding,
)
from synth.video.reading import VideoFacts, probe_video, read_frames

__all__ = ["Encoding", "VideoFacts", "probe_video", "read_frames", "write_video"]


def write_video(
    path: str | Path,
    frames: Iterable[Frames],
    encoding: Encoding = Encoding(),  # noqa: B008 (frozen)
    size_px: int | None = None,
) -> VideoFacts:
    """Encode `frames` to `path`, chosen by its suffix, and return what the finished file holds.

    `size_px` sets the longer side (None: as rendered); odd sides are padded to even for video.
    Nothing appears under `path` unless every frame is in it.
    Raises ValueError for no frames, frames of changing size or type, unknown suffix or codec;
    OSError naming `path` when it cannot be written. What `frames` raises passes through.
    """
    path = Path(path)
    codec_name = check_encoding(path, encoding)
    frame_count = 0

    def encode(chunks: Iterator[Frames]) -> None:
        nonlocal frame_count
        for chunk in chunks:
            fitting = fit_frames(chunk, size_px, codec_name)
            with writing_to(path):
                for frame in fitting:
                    encoder.write(frame)
                    frame_count += 1

    with ExitStack() as stack:
        with writing_to(path):
            temporary, encoder = _open_encoder(stack, path, encoding, codec_name)
        run_in_background(check_chunks(frames), encode)
        if not frame_count:
            raise ValueError(f"needs at least one frame to write {path}; got an empty stream")
        with writing_to(path):
            encoder.finish()
            return verify_video(temporary, frame_count)
    raise AssertionError("unreachable: nothing in the block swallows exceptions")


def fit_frames(frames: Frames, size_px: int | None, codec: str) -> ResizedFrames:
    """Frames in the size in which the codec gets them."""
    resized = frames if size_px is None else resize_frames(frames, size_px)
    return resized if codec in ("gif", "png") else pad_to_even(resized)


def _open_encoder(
    stack: ExitStack, path: Path, encoding: Encoding, codec: str
) -> tuple[Path, FrameEncoder]:
    """A temporary output that becomes `path` when `stack` unwinds cleanly, and its encoder."""
    if not path.suffix:
        folder = stack.enter_context(_write_frames_folder(path))
        return folder, PngFolderEncoder(folder, encoding)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "needs a file name; this is a folder", str(path))
    temporary = stack.enter_context(write_atomically(path))
    encoder = ContainerEncoder(temporary, encoding, codec)
    stack.callback(encoder.close)
    return temporary, encoder


def verify_video(temporary: Path, frame_count: int) -> VideoFacts:
    """Re-open what was written and count: encoders can lose a full disk's error."""
    facts = probe_video(temporary)
    if facts.frame_count != frame_count:
        raise OSError(
            errno.EIO, f"wrote {frame_count} frames but {facts.frame_count} can be read back"
        )
    return facts


@contextmanager
def _write_frames_folder(path: Path) -> Iterator[Path]:
    """A new folder under a temporary name; renamed to `path` when all went well.

    An older folder of frames under that name is replaced; one that holds anything else is not.
    """
    if path.exists() and not (path.is_dir() and all(map(_is_frame, path.iterdir()))):
        raise FileExistsError(
            errno.EEXIST, "holds something other than PNG frames and is left alone", str(path)
        )
    with write_folder_atomically(path, replace=True) as temporary:
        yield temporary


def _is_frame(path: Path) -> bool:
    return path.name.startswith("frame_") and path.suffix == ".png"
