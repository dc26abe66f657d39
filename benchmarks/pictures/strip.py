"""A strip to look at: a true clip, the film out of three of its frames, the film corrected.

In: trained networks and a clip. Out: a PNG of three rows; the columns that went in are marked.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.pictures.comparison import Comparison, FilmWay
from synth.motion.pictures.critic_correction import CriticCorrection
from synth.storage.atomic import write_atomically
from synth.types import Frames

TILE_PX = 96
COLUMNS = 9
_GAP_PX = 4
_MARK = (90, 200, 255)


def save_strip(path: Path, comparison: Comparison) -> None:
    """Draw the comparison's first clip."""
    truth = comparison.clips[0].frames
    films = [
        comparison.make_film(0, FilmWay(order=2, variance=1.0, correction=correction))
        for correction in (CriticCorrection(), CriticCorrection(critic="the generator's own"))
    ]
    chosen = np.linspace(0, len(truth) - 1, COLUMNS).round().astype(int)
    rows = [_draw_row(frames[chosen]) for frames in (truth, *films)]
    for column in (0, COLUMNS // 2, COLUMNS - 1):
        left = column * (TILE_PX + _GAP_PX)
        cv2.rectangle(rows[0], (left, 0), (left + TILE_PX - 1, TILE_PX - 1), _MARK, 2)
    with write_atomically(path) as temporary:
        picture = Image.fromarray(np.vstack(rows)[:-_GAP_PX, :-_GAP_PX])
        # Few colours, so that the file is small.
        picture.quantize(48).save(temporary, optimize=True)


def _draw_row(frames: Frames) -> np.ndarray:
    size = (TILE_PX, TILE_PX)
    tiles = [cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC) for frame in frames]
    wide = [np.pad(x, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=255) for x in tiles]
    return np.ascontiguousarray(np.hstack(wide))
