"""Write a stream of frames as a video while the frames are still being made.

In: an iterable of uint8 RGB chunks [frame, height, width, 3]. Out: .mp4 (H.264), .webm (VP9), .gif,
or a folder of PNG frames, whole or not at all. A worker thread resizes and encodes behind a short
queue, so that encoding overlaps rendering and memory does not grow with length. Reading is in
`synth.video.reading`, the encoders in `synth.video.encoders`.
"""

from __future__ import annotations

import contextlib
import errno
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from synth.resizing import pad_to_even, resize_frames
from synth.storage.atomic import write_atomically, write_folder_atomically
from synth.types import Frames
from synth.video.encoders import (
    ContainerEncoder,
    Encoding,
    FrameEncoder,
    PngFolderEncoder,
    check_encoding,
)
from synth.video.reading import VideoFacts, probe_video, read_frames

__all__ = ["Encoding", "VideoFacts", "probe_video", "read_frames", "write_video"]

#: Chunks waiting for the encoder. Two keep it busy; more would only hold memory.
QUEUE_CHUNKS = 2
POLL_S = 0.2


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
    needs_even = codec_name not in ("gif", "png")
    frame_count = 0

    def encode_chunk(chunk: Frames) -> None:
        nonlocal frame_count
        if size_px is not None:
            chunk = resize_frames(chunk, size_px)
        with _writing_to(path):
            for frame in pad_to_even(chunk) if needs_even else chunk:
                encoder.write(frame)
                frame_count += 1

    with ExitStack() as stack:
        with _writing_to(path):
            temporary, encoder = _open_encoder(stack, path, encoding, codec_name)
        _run_in_background(_check_chunks(frames), encode_chunk)
        if not frame_count:
            raise ValueError(f"needs at least one frame to write {path}; got an empty stream")
        with _writing_to(path):
            encoder.finish()
            return _verify(temporary, frame_count)
    raise AssertionError("unreachable: nothing in the block swallows exceptions")


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


def _check_chunks(chunks: Iterable[Frames]) -> Iterator[Frames]:
    """Pass chunks on; raise ValueError for one that is not uint8 RGB of the first one's size."""
    size: tuple[int, ...] | None = None
    for chunk in chunks:
        if chunk.dtype != np.uint8 or chunk.ndim != 4 or chunk.shape[-1] != 3:
            raise ValueError(
                "needs frames as uint8 [frame, height, width, 3]; "
                f"got {chunk.dtype} {chunk.shape}; try synth.types.to_frames"
            )
        size = size or chunk.shape[1:3]
        if chunk.shape[1:3] != size:
            raise ValueError(f"needs frames of one size; got {size}, then {chunk.shape[1:3]}")
        yield chunk


def _run_in_background(chunks: Iterator[Frames], encode_chunk: Callable[[Frames], None]) -> None:
    """Feed `chunks` to `encode_chunk` in a worker thread through a short queue.

    Whichever side fails first stops the other, and its exception is raised here.
    """
    waiting: queue.Queue[Frames | None] = queue.Queue(QUEUE_CHUNKS)
    stopped = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while not stopped.is_set():
                with contextlib.suppress(queue.Empty):
                    chunk = waiting.get(timeout=POLL_S)
                    if chunk is None:
                        return
                    encode_chunk(chunk)
        except BaseException as error:
            failures.append(error)

    worker = threading.Thread(target=work, name="encoder", daemon=True)
    worker.start()
    try:
        for chunk in chunks:
            if not _put(waiting, chunk, failures):
                break
        _put(waiting, None, failures)
        worker.join()
    finally:
        stopped.set()
        worker.join()
    if failures:
        raise failures[0]


def _put(waiting: queue.Queue, chunk: Frames | None, failures: list[BaseException]) -> bool:
    """Wait for room in the queue; False when the worker has failed and will make none."""
    while not failures:
        with contextlib.suppress(queue.Full):
            waiting.put(chunk, timeout=POLL_S)
            return True
    return False


def _verify(temporary: Path, frame_count: int) -> VideoFacts:
    """Re-open what was written and count: encoders can lose a full disk's error."""
    facts = probe_video(temporary)
    if facts.frame_count != frame_count:
        raise OSError(
            errno.EIO, f"wrote {frame_count} frames but {facts.frame_count} can be read back"
        )
    return facts


@contextmanager
def _writing_to(path: Path) -> Iterator[None]:
    """Errors of the encoder and the disk become one OSError that names the final path."""
    try:
        yield
    except (OSError, FFmpegError) as error:
        number = getattr(error, "errno", None) or errno.EIO
        reason = getattr(error, "strerror", None) or str(error)
        raise OSError(
            number, f"cannot write the video: {reason}; try another folder or free space", str(path)
        ) from error


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
