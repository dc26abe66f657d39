"""Read the sound of a file: one channel, at a rate of choice, a block at a time in constant memory.

In: anything with an audio stream that PyAV decodes, video files too. Out: mono samples in [-1, 1],
the first decoded one being time 0, as `synth.video.sound` puts the sound into a film.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from jaxtyping import Float32

Samples = Float32[np.ndarray, " sample"]


@dataclass(frozen=True)
class SoundFacts:
    """What a file's head says of its sound; `duration_s` None where it does not say how long."""

    duration_s: float | None
    rate_hz: int
    channels: int
    codec: str


def probe_sound(path: str | Path) -> SoundFacts:
    """Read the head alone. Errors as in `open_sound`."""
    with open_sound(Path(path)) as container:
        stream = container.streams.audio[0]
        duration_s = None
        if stream.duration:
            duration_s = float(stream.duration * stream.time_base)
        elif container.duration:
            duration_s = container.duration / 1e6
        codec = stream.codec_context
        return SoundFacts(duration_s, codec.sample_rate, codec.channels, codec.name)


def read_sound(
    path: str | Path, rate_hz: int, longest_s: float | int | None = None
) -> Iterator[Samples]:
    """Yield blocks of the first audio stream, all channels mixed into one, `rate_hz` a second.

    Stops after `longest_s` seconds, where given. Errors as in `open_sound`, also for a file that
    turns out to be broken further on.
    """
    left = None if longest_s is None else round(longest_s * rate_hz)
    with open_sound(Path(path)) as container:
        resampler = av.AudioResampler("flt", "mono", rate_hz)
        for block in _resample(container, resampler):
            block = block if left is None else block[:left]
            if block.size:
                yield block
            if left is not None:
                left -= len(block)
                if left <= 0:
                    return


def _resample(container: Any, resampler: av.AudioResampler) -> Iterator[Samples]:
    for decoded in container.decode(container.streams.audio[0]):
        for frame in resampler.resample(decoded):
            yield frame.to_ndarray()[0]
    for frame in resampler.resample(None):  # what the filter still holds
        yield frame.to_ndarray()[0]


@contextmanager
def open_sound(path: Path) -> Iterator[Any]:
    """PyAV's container of a file with sound.

    Raises FileNotFoundError, or ValueError naming the file when it has no sound or is broken, also
    where it breaks within the `with` block.
    """
    with _open_container(path) as container:
        if not container.streams.audio:
            raise ValueError(
                f"needs a file with sound; {path} has none; try another, or a film without"
            )
        yield container


def has_sound(source: str | Path) -> bool:
    """Whether a file, a video or otherwise, has a stream of sound; a folder of pictures has none.

    Raises OSError when there is no such file, ValueError when it cannot be read.
    """
    if Path(source).is_dir():
        return False
    with _open_container(Path(source)) as container:
        return bool(container.streams.audio)


@contextmanager
def _open_container(path: Path) -> Iterator[Any]:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise FileNotFoundError(f"needs a file with sound; found {found} at {path}; check the path")
    try:
        with av.open(str(path)) as container:
            yield container
    except FFmpegError as error:
        raise ValueError(
            f"needs a readable file with sound; {path} ({path.stat().st_size} bytes) is broken or "
            f"of another kind ({error.strerror}); try another"
        ) from error
