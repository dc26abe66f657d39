"""The visible sign of generated pictures: two letters on a dark plate in a corner.

In: uint8 frames [frame, height, width, 3] and a corner. Out: frames with the plate drawn in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from synth.types import Frames, Times

PLACES = ("top_left", "top_right", "bottom_left", "bottom_right")
TEXT = "AI"
#: Height of the plate in shares of the shorter side, at least so many pixels; and its opacity.
SHARE, LEAST_PX, OPACITY = 0.07, 14, 0.7


@dataclass(frozen=True)
class Badge:
    """A stage that draws the sign into a corner of each frame."""

    place: str

    def __post_init__(self) -> None:
        check_place(self.place)

    def __call__(self, frames: Frames, times_s: Times | None = None) -> Frames:
        """Frames with the sign, as large as they were."""
        height, width = frames.shape[1:3]
        plate = _draw_plate(max(LEAST_PX, round(SHARE * min(height, width))))[:height, :width]
        tall, wide = plate.shape
        gap = min(tall // 3, height - tall, width - wide)
        top = gap if self.place.startswith("top") else height - tall - gap
        left = gap if self.place.endswith("left") else width - wide - gap
        marked = frames.copy()
        area = marked[:, top : top + tall, left : left + wide]
        area[:] = (area * (1 - OPACITY) + plate[None, :, :, None] * OPACITY).round()
        return marked


def check_place(place: str) -> None:
    """Raise ValueError for anything but a corner."""
    if place not in PLACES:
        raise ValueError(
            f"needs a corner for the badge, {', '.join(PLACES)}; got {place!r}; try top_right"
        )


@lru_cache(maxsize=4)
def _draw_plate(height_px: int) -> Float[np.ndarray, "height width"]:
    """Grey levels of the plate: the letters white."""
    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf")
    plate = Image.new("L", (round(height_px * 1.5), height_px), 24)
    letters = ImageFont.truetype(str(font), round(height_px * 0.7))
    middle = (plate.width / 2, plate.height / 2)
    ImageDraw.Draw(plate).text(middle, TEXT, 255, letters, anchor="mm")
    return np.asarray(plate, np.float32)
