"""An mp4, webm or gif being written through PyAV: opened, tagged, closed, its disk errors kept.

In: an OutputFile. Out: PyAV's container that writes into it. Nothing in the bytes tells the time,
so that they repeat.
"""

from __future__ import annotations

import contextlib
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

from synth.video.output_file import OutputFile
from synth.video.provenance import media_tags


def open_container(file: OutputFile, marked: bool, made_by: str | None) -> Any:
    """A container of the kind that the file's suffix says, with the mark where it is wanted."""
    suffix = file.path.suffix.lower()
    options = {"fflags": "+bitexact"}
    if suffix == ".mp4":
        options["movflags"] = "+faststart"

    def reopen(url: str, flags: int, options: dict[str, str]) -> BinaryIO:
        return open(file.path, "rb")

    # To move the index to the front the muxer reads back what it has written.
    container = av.open(file, "w", format=suffix[1:], options=options, io_open=reopen)
    if marked:
        container.metadata.update(media_tags(made_by))
    return container


def close_container(container: Any, file: OutputFile) -> None:
    """Write the index. Raises OSError where the disk did not take all."""
    try:
        container.close()
    except FFmpegError as error:
        if file.error is not None:
            raise file.error from error
        raise


def abandon_container(container: Any) -> None:
    """Let go of threads and buffers of a container that nobody needs."""
    with contextlib.suppress(OSError, ValueError, FFmpegError):
        container.close()
