"""Grain like a photo's, for what the generator draws into it: as strong, as coarse, fixed in place.

In: a photo and where its mouth is. Out: a `Grain`, levels that are added. What is finer than
`FINE_PX` of the photo's pixels tells its strength and how alike neighbours are, in those blocks
around the lips where it is quietest, since elsewhere there are lips, pores and strands; noise of a
fixed seed gets both. A pixel of the photo always has the same grain, so that a still face stays
still.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter

from embed.moving.displacement import Marks
from synth.types import Picture

#: Standard deviation, in pixels, of what counts as fine.
FINE_PX = 1.2
#: Levels below which there is no grain: rounding alone has a third.
LEAST = 0.6
#: Around the lips, in their widths, where the grain is measured.
AROUND = 0.4
#: Side of blocks, the fewest of them that tell anything, and the share that counts as quiet.
BLOCK_PX, LEAST_BLOCKS, QUIET = 8, 6, 0.3
TILE_PX = 256
#: Softness of the noise in pixels, of which the nearest is taken.
SOFTNESS_PX = (0.0, 0.4, 0.55, 0.7, 0.85, 1.0, 1.3, 1.7)


@dataclass(frozen=True, eq=False)
class Grain:
    """tile [n, n] float levels, repeated over the photo without seams."""

    tile: Float[np.ndarray, "tile tile"]

    def read(
        self, x: Float[np.ndarray, "height width"], y: Float[np.ndarray, "height width"]
    ) -> Float[np.ndarray, "height width"]:
        """Levels to add at the photo's pixels."""
        return self.tile[y.astype(int) % TILE_PX, x.astype(int) % TILE_PX]


def measure_grain(photo: Picture, to_photo: Float[np.ndarray, "2 3"], marks: Marks) -> Grain | None:
    """The grain of a photo around the lips; None where it is smooth or too small to tell.

    to_photo leads from picture widths, in which the 68 points are, to the photo's pixels.
    """
    lips = marks[48:60] @ to_photo[:, :2].T + to_photo[:, 2]
    margin = AROUND * np.ptp(lips[:, 0])
    height, width = photo.shape[:2]
    low = np.floor(lips.min(0) - margin).astype(int).clip(0, (width, height))
    high = np.ceil(lips.max(0) + margin).astype(int).clip(0, (width, height))
    counts = (high - low) // BLOCK_PX
    if counts.min() < 1 or counts.prod() < LEAST_BLOCKS:
        return None
    part = cv2.cvtColor(photo[low[1] : high[1], low[0] : high[0]], cv2.COLOR_RGB2GRAY)
    strength, alike = _describe(_find_fine(part.astype(np.float32), "nearest"))
    if strength < LEAST:
        return None
    tiles = [_find_fine(_make_noise(softness), "wrap") for softness in SOFTNESS_PX]
    kinds = [_describe(_find_fine(tile, "wrap")) for tile in tiles]
    best = int(np.argmin([abs(kind[1] - alike) for kind in kinds]))
    return Grain((tiles[best] * (strength / kinds[best][0])).astype(np.float32))


def _find_fine(levels: np.ndarray, mode: str) -> np.ndarray:
    return levels - np.asarray(gaussian_filter(levels, FINE_PX, mode=mode))


def _describe(fine: np.ndarray) -> tuple[float, float]:
    """Strength in levels, and how far a pixel goes with the next (-1 to 1), in quiet blocks."""
    rows, columns = (length // BLOCK_PX for length in fine.shape)
    cut = fine[: rows * BLOCK_PX, : columns * BLOCK_PX]
    blocks = cut.reshape(rows, BLOCK_PX, columns, BLOCK_PX).swapaxes(1, 2)
    blocks = blocks.reshape(-1, BLOCK_PX, BLOCK_PX)
    power = (blocks**2).mean((1, 2))
    quiet = blocks[power <= np.quantile(power, QUIET)]
    beside = (quiet[:, :, 1:] * quiet[:, :, :-1]).mean() + (quiet[:, 1:] * quiet[:, :-1]).mean()
    total = float((quiet**2).mean())
    return total**0.5, float(beside / 2 / max(total, 1e-9))


def _make_noise(softness_px: float) -> np.ndarray:
    """Noise of one fixed seed whose edges join."""
    white = np.random.default_rng(0).normal(size=(TILE_PX, TILE_PX)).astype(np.float32)
    return np.asarray(gaussian_filter(white, softness_px, mode="wrap")) if softness_px else white
