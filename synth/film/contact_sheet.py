"""A contact sheet: one labelled picture per keyframe, on one page.

In: uint8 RGB pictures [picture, height, width, 3] and a label for each. Out: one uint8 RGB picture
[height, width, 3], and a PNG file that is marked as generated unless told not to be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from synth.resizing import resize_frames
from synth.storage.atomic import write_atomically
from synth.types import Frames
from synth.video.provenance import png_tags

Sheet = UInt8[np.ndarray, "sheet_height sheet_width 3"]

BACKGROUND, TEXT, FAINT, BAR = "#16181d", "#f2f2f0", "#9aa0aa", "#e8a33d"


@dataclass(frozen=True)
class TileLabel:
    """What stands under a picture: a name, how strong it is (0 to 1 fills the bar), when it is."""

    name: str
    intensity: float | int | None = None
    time_s: float | int | None = None

    @property
    def details(self) -> str:
        """The second line."""
        parts = [
            "" if self.intensity is None else f"intensity {self.intensity:.2f}",
            "" if self.time_s is None else f"{self.time_s:.1f} s",
        ]
        return "  ·  ".join(part for part in parts if part)


def make_contact_sheet(
    pictures: Frames,
    labels: Sequence[TileLabel | str],
    title: str = "",
    columns: int | None = None,
    tile_px: int = 384,
) -> Sheet:
    """Lay `pictures` out in rows, each `tile_px` on its longer side with its label below.

    `columns` None makes a page about as wide as a screen. Raises ValueError when there are no
    pictures, or not one label for each.
    """
    if not len(pictures) or len(pictures) != len(labels):
        raise ValueError(
            f"needs one label for each of at least one picture; got {len(pictures)} pictures and "
            f"{len(labels)} labels"
        )
    columns = min(columns or _choose_columns(len(pictures)), len(pictures))
    if columns < 1 or tile_px < 32:
        raise ValueError(f"needs columns >= 1, tile_px >= 32; got {columns} and {tile_px}")
    tiles = resize_frames(pictures, tile_px)
    height, width = tiles.shape[1:3]
    gap, caption, head = tile_px // 16, tile_px // 5, tile_px // 5 if title else 0
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new(
        "RGB",
        (columns * (width + gap) + gap, head + rows * (height + caption + gap) + gap),
        BACKGROUND,
    )
    if title:
        font = _fit_font(title, tile_px // 11, sheet.width - 2 * gap, bold=True)
        ImageDraw.Draw(sheet).text((gap, gap + head // 3), title, TEXT, font, anchor="lm")
    for k, (tile, label) in enumerate(zip(tiles, labels, strict=True)):
        x = gap + k % columns * (width + gap)
        y = head + gap + k // columns * (height + caption + gap)
        sheet.paste(Image.fromarray(tile), (x, y))
        label = TileLabel(label) if isinstance(label, str) else label
        sheet.paste(_draw_caption(label, width, caption), (x, y + height))
    return np.array(sheet)


def save_contact_sheet(
    path: str | Path, sheet: Sheet, made_by: str | None = None, marked: bool = True
) -> None:
    """Write the sheet as a PNG, whole or not at all; `marked`: with the mark of generated media."""
    tags = png_tags(made_by) if marked else None
    with write_atomically(path) as temporary:
        Image.fromarray(sheet).save(temporary, format="PNG", pnginfo=tags)


def _draw_caption(label: TileLabel, width: int, height: int) -> Image.Image:
    """The name, a bar as long as the intensity, and the details; what is too long is cut off."""
    caption = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(caption)
    bar = max(2, height // 18)
    if label.intensity is not None:
        share = min(max(label.intensity, 0.0), 1.0)
        draw.rectangle((0, 0, width, bar - 1), "#2c3038")
        if share > 0:
            draw.rectangle((0, 0, max(1, round(share * width)) - 1, bar - 1), BAR)
    font = _fit_font(label.name, round(height * 0.36), width, bold=True)
    draw.text((0, height * 0.36), label.name, TEXT, font, anchor="lm")
    if label.details:
        font = _fit_font(label.details, round(height * 0.24), width, bold=False)
        draw.text((0, height * 0.74), label.details, FAINT, font, anchor="lm")
    return caption


def _fit_font(text: str, size_px: int, width_px: int, bold: bool) -> ImageFont.FreeTypeFont:
    """DejaVu Sans as large as asked for, or as large as `text` fits into the width."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", name)
    font = ImageFont.truetype(str(path), size_px)
    needed = font.getlength(text)
    if needed > width_px:
        font = ImageFont.truetype(str(path), max(6, int(size_px * width_px / needed)))
    return font


def _choose_columns(count: int) -> int:
    """Up to 4 in one row; else the 3 to 5 columns whose last row is fullest, the most of them."""
    if count <= 4:
        return count
    return max((5, 4, 3), key=lambda columns: (-(-count % columns), columns))
