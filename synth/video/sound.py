"""Give a finished film the sound of another file: pictures copied untouched, sound encoded again.

In: an .mp4 or .webm, and any file with sound that PyAV decodes. Out: the same film with the first
audio stream of the source, from its beginning, cut where the film ends (AAC in .mp4, Opus in
.webm). A source that is shorter leaves silence at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from synth.storage.atomic import write_atomically
from synth.video.reading import probe_video
from synth.video.sound_reading import open_sound

CODECS = {".mp4": "aac", ".webm": "libopus"}
SAMPLE_RATE = 48_000
BIT_RATE = 160_000


def check_sound(video: str | Path, source: str | Path) -> None:
    """Raise ValueError unless the film can carry sound and the source has some; OSError for none.

    Nothing is read but the source's head.
    """
    if Path(video).suffix.lower() not in CODECS:
        raise ValueError(
            f"needs a film ending in {' or '.join(CODECS)} to give it sound; got {video}; try "
            "video=mp4, or no sound"
        )
    with open_sound(Path(source)):
        pass


def add_sound(video: str | Path, source: str | Path) -> None:
    """Rewrite `video` with the sound of `source`, whole or not at all.

    Raises ValueError for a source without sound, OSError when a file cannot be read or written.
    """
    video, source = Path(video), Path(source)
    check_sound(video, source)
    facts = probe_video(video)
    with write_atomically(video) as temporary:
        try:
            _mux(video, source, temporary, facts.duration_s)
        except FFmpegError as error:
            raise OSError(
                error.errno, f"cannot add the sound of {source}: {error.strerror}", str(video)
            ) from error
        if probe_video(temporary).frame_count != facts.frame_count:
            raise OSError(f"{video}: lost frames while sound was added; try again without sound")


def _mux(video: Path, source: Path, target: Path, duration_s: float) -> None:
    suffix = video.suffix.lower()
    options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if suffix == ".mp4" else {})
    with (
        av.open(str(video)) as film,
        open_sound(source) as heard,
        av.open(str(target), "w", format=suffix[1:], options=options) as out,
    ):
        out.metadata.update(film.metadata)
        pictures = out.add_stream_from_template(film.streams.video[0])
        sound: Any = out.add_stream(CODECS[suffix], rate=SAMPLE_RATE, layout="stereo")
        sound.bit_rate = BIT_RATE
        sound.codec_context.flags |= _BITEXACT
        waiting = _encode(heard, sound, round(duration_s * SAMPLE_RATE))
        ahead = next(waiting, None)
        for packet in film.demux(film.streams.video[0]):
            if not packet.size:
                continue
            # Interleaved by time, so that players need not seek and nothing piles up here.
            time_s = float((packet.dts or 0) * packet.time_base)
            while ahead is not None and float((ahead.dts or 0) * ahead.time_base) <= time_s:
                out.mux(ahead)
                ahead = next(waiting, None)
            packet.stream = pictures
            out.mux(packet)
        while ahead is not None:
            out.mux(ahead)
            ahead = next(waiting, None)


#: Of libavcodec: no name of the encoder in the stream, so that bytes repeat.
_BITEXACT = 1 << 23


def _encode(heard: Any, sound: Any, samples: int) -> Iterator[Any]:
    """Packets of that many samples, or of all there are."""
    resampler = av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
    written = 0
    for decoded in heard.decode(heard.streams.audio[0]):
        for frame in resampler.resample(decoded):
            levels: Any = frame.to_ndarray()[:, : samples - written]
            part = av.AudioFrame.from_ndarray(np.ascontiguousarray(levels), "fltp", "stereo")
            part.sample_rate, part.pts = SAMPLE_RATE, written
            part.time_base = Fraction(1, SAMPLE_RATE)
            written += levels.shape[1]
            yield from sound.encode(part)
            if written >= samples:
                yield from sound.encode(None)
                return
    yield from sound.encode(None)
