"""What GIF needs beyond an encoder: 256 colours per frame, and a comment in the file.

In: uint8 RGB frames [height, width, 3]; a finished GIF. Out: paletted frames for PyAV; the GIF with
a comment block behind its header (the muxer writes none).
"""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import av
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from synth.video.output_file import OutputFile

#: A frame's pixels as numbers of colours, and its 256 colours as alpha, red, green, blue.
Indices = UInt8[np.ndarray, "height width"]
Palette = UInt8[np.ndarray, "256 4"]


def quantize_frame(frame: UInt8[np.ndarray, "height width 3"]) -> tuple[Indices, Palette]:
    """RGB -> 256 colours of the frame's own palette, error-diffused, as GIF wants them."""
    image = Image.fromarray(frame).quantize(256, Image.Quantize.MEDIANCUT)
    rgb = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 4), np.uint8)
    palette[:, 0] = 255
    palette[: len(rgb), 1:] = rgb
    return np.asarray(image), palette


def make_gif_frame(indices: Indices, palette: Palette) -> av.VideoFrame:
    """A paletted frame for PyAV."""
    paletted: Any = (indices, palette)
    return av.VideoFrame.from_ndarray(paletted, format="pal8")


def insert_gif_comment(file: BinaryIO | OutputFile, text: str) -> None:
    """Put a comment block behind the header and global palette of a finished GIF."""
    data = text.encode("ascii", "replace")[:255]
    block = b"\x21\xfe" + bytes([len(data)]) + data + b"\x00"
    file.seek(10)
    flags = file.read(1)[0]
    start = 13 + (3 << (flags % 8 + 1) if flags & 0x80 else 0)
    position = file.seek(0, os.SEEK_END)
    while position > start:  # The rest moves back piece by piece, the last piece first.
        step = min(1 << 20, position - start)
        position -= step
        file.seek(position)
        piece = file.read(step)
        file.seek(position + len(block))
        file.write(piece)
    file.seek(start)
    file.write(block)
