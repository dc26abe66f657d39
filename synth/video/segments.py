"""A film in closed segments: each is encoded by itself; all are joined without encoding again.

In: frames of a segment; later the segments in their order. Out: a segment's file, which begins with
a key frame and refers to nothing outside; the film. What a segment is kept as depends on the film:

    .mp4, .webm   the same kind of file; joining copies its packets and moves their times
    .gif          each frame's 256 colours, uncompressed; joining encodes them (no colour changes)
    PNG folder    the pictures, numbered as in the film; joining links them into one folder
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.error import FFmpegError

from synth.storage.atomic import write_atomically
from synth.video.background import writing_to
from synth.video.containers import abandon_container, close_container, open_container
from synth.video.encoders import (
    ContainerEncoder,
    Encoding,
    Frame,
    FrameEncoder,
    PngFolderEncoder,
    check_encoding,
)
from synth.video.gif_frames import make_gif_frame, quantize_frame
from synth.video.output_file import OutputFile
from synth.video.reading import VideoFacts
from synth.video.writing import verify_video

PICTURES = "pictures"
#: What a segment of a film is kept as.
_SUFFIXES = {".gif": ".npy"}


@dataclass(frozen=True)
class Segment:
    """One segment: the folder that holds it, and which frames of the film it has."""

    folder: Path
    frames: range

    def find_pictures(self, film: Path) -> Path:
        """The file, or folder of PNG, with the frames."""
        suffix = film.suffix.lower()
        return self.folder / f"{PICTURES}{_SUFFIXES.get(suffix, suffix)}"


@contextmanager
def open_segment(segment: Segment, film: Path, encoding: Encoding) -> Iterator[FrameEncoder]:
    """What takes the segment's frames one by one; when the block ends they are in its folder."""
    codec, pictures = check_encoding(film, encoding), segment.find_pictures(film)
    if codec == "png":
        pictures.mkdir()
        yield PngFolderEncoder(pictures, encoding, segment.frames.start)
        return
    if codec == "gif":
        with open(pictures, "wb") as file:
            yield _PaletteKeeper(file)
            file.flush()
            os.fsync(file.fileno())
        return
    encoder = ContainerEncoder(pictures, _leave_unmarked(encoding), codec)
    try:
        yield encoder
        encoder.finish()
    finally:
        encoder.close()


class _PaletteKeeper:
    """Frames in 256 colours, as arrays one behind the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, frame: Frame) -> None:
        """Choose the frame's colours and keep it."""
        for array in quantize_frame(frame):
            np.save(self._file, array, allow_pickle=False)

    def finish(self) -> None:
        """Nothing is held back."""


def join_segments(film: Path, segments: Sequence[Segment], encoding: Encoding) -> VideoFacts:
    """Write `film` from all its segments, whole or not at all; what the finished file holds.

    Raises ValueError for none; OSError naming `film` when a segment cannot be read or the film
    cannot be written.
    """
    if not segments:
        raise ValueError(f"needs at least one segment to join to {film}; got none")
    frame_count = segments[-1].frames.stop
    with writing_to(film):
        if not film.suffix:
            _link_pictures(film, segments)
            return verify_video(film, frame_count)
        with write_atomically(film) as temporary:
            if film.suffix.lower() == ".gif":
                _encode_gif(temporary, segments, encoding)
            else:
                _copy_packets(temporary, segments, encoding)
            return verify_video(temporary, frame_count)


def link_or_copy(source: Path, target: Path) -> None:
    """The same file, or folder of files, under another name, without a copy where that goes."""
    if source.is_dir():
        target.mkdir()
        for path in source.iterdir():
            link_or_copy(path, target / path.name)
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        shutil.copyfile(source, target)


def _link_pictures(film: Path, segments: Sequence[Segment]) -> None:
    film.mkdir()
    for segment in segments:
        for path in sorted(segment.find_pictures(film).iterdir()):
            link_or_copy(path, film / path.name)


def _encode_gif(target: Path, segments: Sequence[Segment], encoding: Encoding) -> None:
    encoder = ContainerEncoder(target, encoding, "gif")
    try:
        for segment in segments:
            with open(segment.find_pictures(target), "rb") as file:
                for _ in segment.frames:
                    indices, palette = (np.load(file, allow_pickle=False) for _ in range(2))
                    encoder.write_converted(make_gif_frame(indices, palette))
        encoder.finish()
    finally:
        encoder.close()


def _copy_packets(target: Path, segments: Sequence[Segment], encoding: Encoding) -> None:
    """Packets of all segments behind each other, their times counted in frames of the film."""
    file = OutputFile(target)
    container = open_container(file, encoding.marked, encoding.made_by)
    try:
        joint = _Joint(container, encoding.rate, target.suffix.lower() == ".webm")
        for segment in segments:
            joint.add(segment, target)
            if file.error is not None:
                raise file.error
        close_container(container, file)
        file.sync()
    except FFmpegError as error:
        if file.error is not None:
            raise file.error from error
        raise
    finally:
        abandon_container(container)
        file.close()


class _Joint:
    """The stream that packets are copied into.

    is_in_order: packets come in the order in which frames are shown, as all that webm carries.
        Their times are those of frame numbers then: webm rounds its own to milliseconds.
    """

    def __init__(self, container: Any, rate: Fraction, is_in_order: bool) -> None:
        self._container, self._rate, self._is_in_order = container, rate, is_in_order
        self._stream: Any = None
        self._header: bytes | None = None
        #: Frames that the encoder holds back: each is decoded that much before it can be shown.
        self._delay = 0

    def add(self, segment: Segment, film: Path) -> None:
        """Copy one segment. Raises OSError for one that was encoded in another way."""
        with av.open(str(segment.find_pictures(film))) as source:
            pictures = source.streams.video[0]
            header = bytes(pictures.codec_context.extradata or b"")
            if self._stream is None:
                self._header = header
                self._stream = self._container.add_stream_from_template(pictures)
                self._stream.time_base = 1 / self._rate
            if header != self._header:
                raise OSError(errno.EIO, "segments were encoded in different ways")
            packets = (packet for packet in source.demux(pictures) if packet.size)
            for number, packet in enumerate(packets):
                self._copy(packet, number, segment.frames.start)

    def _copy(self, packet: Any, number: int, start: int) -> None:
        """Copy one packet: the segment's `number`-th to be decoded; `start` is its first frame."""
        scale = packet.time_base * self._rate
        if start == number == 0 and not self._is_in_order:
            self._delay = -round(packet.dts * scale)
        packet.pts = start + (number if self._is_in_order else round(packet.pts * scale))
        # Not as the segment has it: one shorter than the delay holds back less.
        packet.dts = start + number - self._delay
        packet.duration, packet.time_base = 1, 1 / self._rate
        packet.stream = self._stream
        self._container.mux(packet)


def _leave_unmarked(encoding: Encoding) -> Encoding:
    """The film gets the mark, not each segment."""
    return Encoding(encoding.fps, encoding.crf, encoding.gop, encoding.codec, marked=False)
