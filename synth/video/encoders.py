"""Encoders: one frame after another -> a file. H.264/VP9 containers, GIF, a folder of PNG.

All take uint8 RGB frames [height, width, 3] of one size. Colour: sRGB frames in full range become
BT.709 Y'CbCr in limited range, and the stream says so in its tags, so that players do not guess.
Bytes are the same for the same frames: the number of threads is fixed, and no clock or random
identifier is written.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import av
import numpy as np
from av.codec import Codec
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace
from jaxtyping import UInt8
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from synth.video.colour import convert_to_yuv420p
from synth.video.containers import abandon_container, close_container, open_container
from synth.video.gif_frames import insert_gif_comment, make_gif_frame, quantize_frame
from synth.video.output_file import OutputFile
from synth.video.provenance import MARK, png_tags
from synth.video.reading import MAX_FPS, MIN_FPS

Frame = UInt8[np.ndarray, "height width 3"]

#: Two: enough to stay ahead of the generator, and the bytes do not depend on the machine's cores.
ENCODER_THREADS = "2"
CODECS = {".mp4": "libx264", ".webm": "libvpx-vp9", ".gif": "gif", "": "png"}
PIXEL_FORMAT = "yuv420p"
PIXEL_FORMATS = {"gif": "pal8"}
#: x264's approximate reciprocals differ from run to run on some processors; the flag avoids them.
#: Its preset veryfast halves the work of medium for 1.5 dB of 47 on a face at 1024x1024.
CODEC_OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {
        "preset": "veryfast",
        "profile": "high",
        "x264-params": "cpu-independent=1:chromaloc=1",
    },
    "libx265": {
        "preset": "medium",
        "x265-params": "log-level=error:pools=2:frame-threads=2:chromaloc=1",
    },
    "libvpx-vp9": {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
}
WORST_CRF = {"libvpx-vp9": 63}
#: x265 learns when frames are decoded from the first one after these; without one it says whatever
#: its memory held before, and the file cannot be written then.
X265_DELAY_FRAMES = 2
#: Codes of ISO/IEC 23091-2 for BT.709 primaries and transfer.
BT709 = 1
GIF_MAX_FPS = 50
FRAME_NAME = "frame_{:06d}.png"


@dataclass(frozen=True)
class Encoding:
    """What the user chose. `fps` frames a second, `crf` quality (0 best), `gop` frames between
    key frames (None: one second), `codec` None for the suffix's own; `marked` stores the note that
    the media is generated, and `made_by` what made it."""

    fps: float | int = 25.0
    crf: int = 18
    gop: int | None = None
    codec: str | None = None
    marked: bool = True
    made_by: str | None = None

    def __post_init__(self) -> None:
        if not MIN_FPS <= self.fps <= MAX_FPS:  # not for NaN either
            raise ValueError(
                f"needs fps from {MIN_FPS} to {MAX_FPS}; got fps={self.fps}; try fps=25"
            )
        if self.gop is not None and self.gop < 1:
            raise ValueError(f"needs gop of at least 1 frame; got gop={self.gop}; try gop=25")

    @property
    def gop_frames(self) -> int:
        """Frames from one key frame to the next."""
        return self.gop or max(1, round(self.fps))

    @property
    def rate(self) -> Fraction:
        """Frames a second as a fraction; 29.97 and its like become 30000/1001."""
        ntsc = Fraction(round(self.fps) * 1000, 1001)
        # 23.98 is off by 1.7e-4, the whole number beside each of them by 1e-3.
        is_ntsc = abs(float(ntsc) / self.fps - 1) < 2e-4
        return ntsc if is_ntsc else Fraction(self.fps).limit_denominator(1000)


@runtime_checkable
class FrameEncoder(Protocol):
    """Takes frames one at a time; `finish` writes what is still held back."""

    def write(self, frame: Frame) -> None:
        """Encode one frame."""
        ...

    def finish(self) -> None:
        """Flush and close; after it the file is complete."""
        ...


def check_encoding(path: Path, encoding: Encoding) -> str:
    """The codec's name for `path`; raises ValueError for an unknown suffix, codec, or crf."""
    suffix = path.suffix.lower()
    if suffix not in CODECS:
        raise ValueError(
            f"needs an output named .mp4, .webm, .gif, or a folder name for PNG frames; got {path}"
        )
    codec = encoding.codec or CODECS[suffix]
    try:
        known = Codec(codec, "w").type == "video"
    except (FFmpegError, ValueError):
        known = False
    if not known or not _fits(codec, suffix):
        raise ValueError(
            f"needs a video codec for {suffix or 'a folder of PNG'} that this PyAV can write; "
            f"got codec={codec} for {path}; try codec={CODECS[suffix]}"
        )
    worst = WORST_CRF.get(codec, 51)
    if not 0 <= encoding.crf <= worst:
        raise ValueError(f"needs crf from 0 (best) to {worst}; got crf={encoding.crf}; try crf=18")
    if suffix == ".gif" and encoding.fps > GIF_MAX_FPS:
        raise ValueError(
            f"needs at most {GIF_MAX_FPS} fps for GIF, whose clock counts 1/100 s; "
            f"got fps={encoding.fps} for {path}; try fps=25"
        )
    return codec


def _fits(codec: str, suffix: str) -> bool:
    """Whether files of that kind carry the codec, and it takes the colours they are written in."""
    if suffix in ("", ".gif"):
        return codec == CODECS[suffix]
    encoder = Codec(codec, "w")
    with av.open(io.BytesIO(), "w", format=suffix[1:]) as container:
        is_carried = encoder.canonical_name in container.supported_codecs
    return is_carried and any(f.name == PIXEL_FORMAT for f in encoder.video_formats or ())


def set_decoding_times(packets: Iterable[Any]) -> None:
    """Let packets that are decoded in the order in which they are shown say so."""
    for packet in packets:
        packet.dts = packet.pts


class ContainerEncoder:
    """mp4, webm or gif through PyAV into the file at `path`, whose errors reach the caller."""

    def __init__(self, path: Path, encoding: Encoding, codec: str) -> None:
        self._file, self._encoding, self._codec = OutputFile(path), encoding, codec
        self._container: Any = None
        self._stream: Any = None
        self._written = 0

    def write(self, frame: Frame) -> None:
        """Encode one frame; the first one opens the stream at its size."""
        self.write_converted(self._convert(frame))

    def write_converted(self, video_frame: av.VideoFrame) -> None:
        """Encode one frame that has the codec's own colours already."""
        if not self._written:
            self._open(height=video_frame.height, width=video_frame.width)
        video_frame.pts = self._written
        video_frame.time_base = 1 / self._encoding.rate
        self._written += 1
        self._container.mux(self._stream.encode(video_frame))
        if self._file.error is not None:
            raise self._file.error

    def finish(self) -> None:
        """Flush the encoder and write the index."""
        if self._container is None:
            return
        container: Any = self._container
        self._container = None
        try:
            packets = self._stream.encode()
            if self._codec == "libx265" and self._written <= X265_DELAY_FRAMES:
                set_decoding_times(packets)
            container.mux(packets)
        except FFmpegError as error:
            if self._file.error is not None:
                raise self._file.error from error
            raise
        close_container(container, self._file)
        if self._codec == "gif" and self._encoding.marked:
            insert_gif_comment(self._file, MARK)
        self._file.sync()

    def close(self) -> None:
        """Let go of the encoder's threads and the file; harmless after `finish`."""
        if self._container is not None:
            abandon_container(self._container)
        self._file.close()

    def _open(self, height: int, width: int) -> None:
        encoding = self._encoding
        self._container = open_container(self._file, encoding.marked, encoding.made_by)
        self._stream = self._container.add_stream(self._codec, rate=encoding.rate)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = PIXEL_FORMATS.get(self._codec, PIXEL_FORMAT)
        self._stream.codec_context.gop_size = encoding.gop_frames
        if self._codec != "gif":
            self._tag_and_tune()

    def _tag_and_tune(self) -> None:
        context = self._stream.codec_context
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = context.color_trc = BT709
        options = {
            "crf": str(self._encoding.crf),
            "threads": ENCODER_THREADS,
            **CODEC_OPTIONS.get(self._codec, {}),
        }
        if self._codec == "libx264" and not self._encoding.crf:
            del options["profile"]  # lossless has one of its own
        self._stream.options = options

    def _convert(self, frame: Frame) -> av.VideoFrame:
        if self._codec == "gif":
            return make_gif_frame(*quantize_frame(frame))
        planes = convert_to_yuv420p(np.ascontiguousarray(frame))
        video_frame = av.VideoFrame.from_ndarray(planes, format=PIXEL_FORMAT)
        video_frame.colorspace, video_frame.color_range = Colorspace.ITU709, ColorRange.MPEG
        return video_frame


class PngFolderEncoder:
    """frame_000000.png, frame_000001.png, ... in a folder that already exists.

    first: the number of the first one.
    """

    def __init__(self, folder: Path, encoding: Encoding, first: int = 0) -> None:
        self._folder = folder
        self._tags = png_tags(encoding.made_by) if encoding.marked else PngInfo()
        self._tags.add_text("fps", str(float(encoding.rate)))
        self._number = first

    def write(self, frame: Frame) -> None:
        """Write one picture."""
        # Level 3: several times as fast as the default, for somewhat larger files.
        with open(self._folder / FRAME_NAME.format(self._number), "wb") as file:
            Image.fromarray(frame).save(file, "PNG", pnginfo=self._tags, compress_level=3)
            file.flush()
            os.fsync(file.fileno())
        self._number += 1

    def finish(self) -> None:
        """Nothing is held back."""
