"""A sheet of films, ten of each row beside one another: every film is a column of four frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synth.storage.atomic import write_atomically
from synth.workshop.films.film_set import Films

SHOWN, TILE_PX, LABEL_PX, GAP_PX, BLOCKS_ACROSS = 10, 64, 22, 10, 2
#: Places in a film: calm, on the way, at the peak, calm again.
PLACES = (0.0, 0.25, 0.5, 1.0)
BACKGROUND, TEXT = (22, 24, 29), (242, 242, 240)


def save_film_sheet(path: Path, films: Mapping[str, Films]) -> None:
    """Write the sheet as JPEG; films of each row [film, frame, n, n, 3]."""
    blocks = [make_block(name, shown) for name, shown in films.items()]
    blank = np.full_like(blocks[0], BACKGROUND)
    blocks += [blank] * (-len(blocks) % BLOCKS_ACROSS)
    lines = [
        np.concatenate(blocks[k : k + BLOCKS_ACROSS], 1)
        for k in range(0, len(blocks), BLOCKS_ACROSS)
    ]
    with write_atomically(path) as temporary:
        Image.fromarray(np.concatenate(lines)).save(temporary, "JPEG", quality=88, optimize=True)


def make_block(name: str, films: Films) -> np.ndarray:
    """One row's films under its name; missing ones are left empty."""
    size = (LABEL_PX + len(PLACES) * TILE_PX + GAP_PX, SHOWN * TILE_PX + GAP_PX, 3)
    block = np.full(size, BACKGROUND, np.uint8)
    page = Image.fromarray(block)
    ImageDraw.Draw(page).text((4, 3), name, TEXT, ImageFont.load_default(14))
    block = np.array(page)
    for column, film in enumerate(films[:SHOWN]):
        for row, place in enumerate(PLACES):
            frame = film[round(place * (len(film) - 1))]
            top, left = LABEL_PX + row * TILE_PX, column * TILE_PX
            tile = cv2.resize(frame, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
            block[top : top + TILE_PX, left : left + TILE_PX] = tile
    return block
