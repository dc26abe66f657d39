"""Frames are made on one side and taken on the other: a worker thread behind a short queue.

In: chunks of frames as they are made, and a function that takes them all. Out: nothing until both
are done; whichever side fails first stops the other, and its exception is raised. So encoding
overlaps rendering, and memory does not grow with length.
"""

from __future__ import annotations

import contextlib
import errno
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from av.error import FFmpegError

from synth.types import Frames

#: Chunks waiting for the encoder. Two keep it busy; more would only hold memory.
QUEUE_CHUNKS = 2
POLL_S = 0.2


class _Stopped(BaseException):
    """Raised where chunks are taken when no more will come, so that all is cleaned up there."""


def run_in_background(
    chunks: Iterator[Frames], take_all: Callable[[Iterator[Frames]], None]
) -> None:
    """Make `chunks` here and have `take_all` iterate over them in a worker thread.

    Whichever side fails first stops the other, and its exception is raised here.
    """
    waiting: queue.Queue[Frames | None] = queue.Queue(QUEUE_CHUNKS)
    stopped = threading.Event()
    failures: list[BaseException] = []

    def receive() -> Iterator[Frames]:
        while not stopped.is_set():
            with contextlib.suppress(queue.Empty):
                chunk = waiting.get(timeout=POLL_S)
                if chunk is None:
                    return
                yield chunk
        raise _Stopped

    def work() -> None:
        try:
            take_all(receive())
        except _Stopped:
            pass
        except BaseException as error:
            failures.append(error)

    worker = threading.Thread(target=work, name="encoder", daemon=True)
    worker.start()
    try:
        for chunk in chunks:
            if not _put(waiting, chunk, worker):
                break
        else:
            _put(waiting, None, worker)
            worker.join()
    finally:
        stopped.set()
        worker.join()
    if failures:
        raise failures[0]


def _put(waiting: queue.Queue, chunk: Frames | None, worker: threading.Thread) -> bool:
    """Wait for room in the queue; False when the worker is gone and will make none."""
    while worker.is_alive():
        with contextlib.suppress(queue.Full):
            waiting.put(chunk, timeout=POLL_S)
            return True
    return False


def check_chunks(chunks: Iterable[Frames]) -> Iterator[Frames]:
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


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Errors of the encoder and the disk become one OSError that names the final path."""
    try:
        yield
    except (OSError, FFmpegError) as error:
        number = getattr(error, "errno", None) or errno.EIO
        reason = getattr(error, "strerror", None) or str(error)
        raise OSError(
            number, f"cannot write the video: {reason}; try another folder or free space", str(path)
        ) from error
