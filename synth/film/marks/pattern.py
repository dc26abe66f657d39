"""The watermark's pattern: sums of waves over the picture, some known, some carrying an identifier.

In: an identifier. Out: the waves' phases, and the pattern as a tile that repeats over the picture.
A spread spectrum in the luma's frequencies: Cox et al., Secure spread spectrum watermarking for
multimedia, IEEE Transactions on Image Processing 6(12), 1997. Lengths are in units of 1/256 of the
picture's shorter side, so that scaling the picture scales the pattern. The tile is 128 units wide:
what is left of a picture after cropping still has whole tiles. docs/marks.md derives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Complex64, Float, Int

from synth.film.marks.convolutional_code import CODE_BITS, encode_id

#: Units in the shorter side of a picture, and in the period of the pattern.
SIDE, TILE = 256, 128
#: Waves have so many periods within a tile: beyond that compression leaves nothing.
LEAST, MOST = 5.0, 40.0
#: One wave in so many is the same for all identifiers: by those the pattern is found.
KNOWN_EVERY = 4
#: Not a secret: whoever has this file can read the mark, and write one.
_SEED = 20180

DownTable = Complex64[np.ndarray, "numbers_down height"]
RightTable = Complex64[np.ndarray, "numbers_right width"]


@dataclass(frozen=True, eq=False)
class Waves:
    """The waves of all patterns: periods within a tile downwards and to the right, phase in radians
    where a bit is 1, the code bit that turns the phase by half a circle where it is 0 (-1: none),
    the strength relative to others, and periods within a tile along their own direction."""

    rows: Int[np.ndarray, " wave"]
    columns: Int[np.ndarray, " wave"]
    phases: Float[np.ndarray, " wave"]
    bits: Int[np.ndarray, " wave"]
    strengths: Float[np.ndarray, " wave"]
    radius: Float[np.ndarray, " wave"]

    @property
    def are_known(self) -> np.ndarray:
        """Which of them no identifier changes."""
        return self.bits < 0


@cache
def list_waves() -> Waves:
    """All waves, each direction once."""
    most = int(MOST)
    rows, columns = np.mgrid[-most : most + 1, 0 : most + 1]
    radius = np.hypot(rows, columns)
    # Of the waves straight down one half: the other is the same.
    kept = (radius >= LEAST) & (radius <= MOST) & ((columns > 0) | (rows > 0))
    rows, columns, radius = rows[kept], columns[kept], radius[kept]
    random = np.random.Generator(np.random.PCG64(_SEED))
    phases = random.uniform(0, 2 * np.pi, len(rows))
    # Along growing radius, so that each bit has waves of all lengths.
    order = np.argsort(radius + random.uniform(0, 0.5, len(rows)))
    bits = np.full(len(rows), -1)
    carriers = order[np.arange(len(order)) % KNOWN_EVERY != 0]
    for start in range(0, len(carriers), CODE_BITS):
        some = carriers[start : start + CODE_BITS]
        bits[some] = random.permutation(CODE_BITS)[: len(some)]
    return Waves(rows, columns, phases, bits, radius**-0.5, radius)


def compute_waves(
    sides: tuple[int, ...], side_px: float, most: int = int(MOST)
) -> tuple[DownTable, RightTable]:
    """exp(2 pi i k x) for pictures of `sides` (height, width) whose shorter side was `side_px`
    before anybody cut it: tables [wave number, pixel] downwards (-most to most) and to the right
    (0 to most)."""
    angle = 2 * np.pi / (TILE / SIDE * side_px)
    height, width = ((angle * (np.arange(pixels) + 0.5)).astype(np.float32) for pixels in sides)
    down = np.outer(np.arange(-most, most + 1, dtype=np.float32), height)
    right = np.outer(np.arange(most + 1, dtype=np.float32), width)
    return np.cos(down) + 1j * np.sin(down), np.cos(right) + 1j * np.sin(right)


def draw_pattern(identifier: int, height: int, width: int) -> Float[np.ndarray, "height width"]:
    """An identifier's pattern for pictures of that size, with variance 1."""
    waves = list_waves()
    signs = np.where(waves.are_known, 1, 2 * encode_id(identifier)[waves.bits] - 1)
    side_px = min(height, width)
    # What a picture has too few pixels for would only disturb.
    is_drawn = np.hypot(waves.rows, waves.columns) < TILE / SIDE * side_px * 0.4
    most = int(MOST)
    spectrum = np.zeros((2 * most + 1, most + 1), np.complex64)
    values = is_drawn * signs * waves.strengths * np.exp(1j * waves.phases)
    spectrum[waves.rows + most, waves.columns] = values
    down, right = compute_waves((height, width), side_px)
    pattern = (down.T @ spectrum @ right).real
    return pattern / np.sqrt(np.sum(np.abs(values) ** 2) / 2)
