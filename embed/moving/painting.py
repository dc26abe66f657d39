"""Layers and a photo -> the moved photo, in pieces that fit in memory, whatever the photo's size.

A pixel that nothing moves or shades is copied, not computed: outside the head the photo stays to
the bit. Everything is computed from a pixel's place in the generator's square, so that pieces make
the same picture as the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from embed.faces.align import Quad, map_crop_to_photo
from embed.faces.base import Picture
from embed.faces.resampling import Affine, invert_map
from embed.moving.eyes import EyeFill
from embed.moving.grain import Grain
from embed.moving.layers import Layers

TILE_PX = 1024
#: Shifts below, in the photo's pixels, and log gains below move nothing.
LEAST_SHIFT_PX, LEAST_GAIN = 1 / 64, 1e-3
#: Pixels around a tile's places that interpolation looks at.
_BORDER_PX = 3


@dataclass(frozen=True, eq=False)
class Ground:
    """A photo [height, width, 3] and the generator's square in it."""

    photo: Picture
    quad: Quad

    @property
    def to_photo(self) -> Affine:
        """Picture widths of the square -> pixels of the photo; [2, 3]."""
        matrix = map_crop_to_photo(self.quad, 1)
        # A square of one pixel has its middle at 0; widths are counted from its corner.
        matrix[:, 2] -= matrix[:, :2] @ (0.5, 0.5)
        return matrix

    def find_window(self) -> tuple[slice, slice]:
        """Rows and columns that the square touches."""
        height, width = self.photo.shape[:2]
        low = np.floor(self.quad.min(0)).astype(int).clip(0, (width, height))
        high = (np.ceil(self.quad.max(0)).astype(int) + 1).clip(0, (width, height))
        return slice(low[1], high[1]), slice(low[0], high[0])


def frame_crop(crop: Picture) -> Ground:
    """A crop that is the generator's square itself."""
    side = crop.shape[0] - 0.5
    corners = [(-0.5, -0.5), (-0.5, side), (side, side), (side, -0.5)]
    return Ground(crop, np.array(corners))


def paint_moved(
    ground: Ground, layers: Layers, tile_px: int = TILE_PX, grain: Grain | None = None
) -> Picture:
    """The photo with its face moved; a new array. grain: of what is drawn within the mouth."""
    result = ground.photo.copy()
    if layers.is_still:
        return result
    rows, columns = ground.find_window()
    for top in range(rows.start, rows.stop, tile_px):
        for left in range(columns.start, columns.stop, tile_px):
            tile = (
                slice(top, min(top + tile_px, rows.stop)),
                slice(left, min(left + tile_px, columns.stop)),
            )
            _paint_tile(ground, layers, tile, result, grain)
    return result


def _paint_tile(
    ground: Ground,
    layers: Layers,
    tile: tuple[slice, slice],
    result: Picture,
    grain: Grain | None,
) -> None:
    """Change the pixels of one tile of the result."""
    matrix = ground.to_photo
    y, x = np.mgrid[tile].astype(np.float64)
    inverse = invert_map(matrix)
    places = np.stack([x, y], 2) @ inverse[:, :2].T + inverse[:, 2]
    shifts = _read(layers.shifts, places)
    gain = _read(layers.gain, places)
    mouth = _read(layers.mouth, places)
    moves = (shifts @ matrix[:, :2].T).astype(np.float32)
    inside = ((places > 0) & (places < 1)).all(2)
    changes = np.hypot(moves[..., 0], moves[..., 1]) > LEAST_SHIFT_PX
    changes = (changes | (np.abs(gain) > LEAST_GAIN) | (mouth > 0)) & inside
    if not changes.any():
        return
    levels = _sample_photo(ground.photo, x + moves[..., 0], y + moves[..., 1])
    for eye in layers.eyes:
        levels += _read(eye.share, places)[..., None] * (_sample_eye(ground, eye, places) - levels)
    levels *= np.exp(gain)[..., None]
    if mouth.any():
        within = _fill_mouth(ground, layers, places, levels, (x, y), grain)
        levels += mouth[..., None] * (within - levels)
    target = result[tile]
    target[changes] = np.rint(levels[changes]).clip(0, 255).astype(np.uint8)


def _fill_mouth(
    ground: Ground,
    layers: Layers,
    places: np.ndarray,
    levels: np.ndarray,
    pixels: tuple[np.ndarray, np.ndarray],
    grain: Grain | None,
) -> np.ndarray:
    """What lies within the lips: the generator's, and over it the photo's own teeth."""
    share = _read(layers.drawn_share, places)[..., None]
    drawn = _read(layers.drawn, places)
    if grain is not None:
        drawn = drawn + grain.read(*pixels)[..., None]
    within = levels + share * (drawn - levels)
    # What a photo shows of teeth is those above, nearly always.
    shift = layers.teeth[0]
    shown = _read(layers.teeth_before, places + shift)[..., None]
    move = ground.to_photo[:, :2] @ shift
    own = _sample_photo(ground.photo, pixels[0] + move[0], pixels[1] + move[1])
    return within + shown * (own - within)


def _sample_eye(ground: Ground, eye: EyeFill, places: np.ndarray) -> np.ndarray:
    """What an eye is filled in with, at every place."""
    matrix = ground.to_photo
    sources = eye.find_sources(places.clip(0, 1)) @ matrix[:, :2].T + matrix[:, 2]
    levels = _sample_photo(ground.photo, sources[..., 0], sources[..., 1])
    return levels * _read(eye.light, places)[..., None]


def _read(grid: Float[np.ndarray, "size size *channel"], places: np.ndarray) -> np.ndarray:
    """A grid over the square at places [..., 2] in picture widths; its edge beyond."""
    at = (places * grid.shape[0] - 0.5).astype(np.float32)
    return cv2.remap(
        grid.astype(np.float32),
        np.ascontiguousarray(at[..., 0]),
        np.ascontiguousarray(at[..., 1]),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _sample_photo(photo: Picture, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The photo at places in its pixels, float levels; cut out first, since maps reach 32,767."""
    height, width = photo.shape[:2]
    left, top = (max(0, int(np.floor(v.min())) - _BORDER_PX) for v in (x, y))
    right = min(width, int(np.ceil(x.max())) + _BORDER_PX + 1)
    bottom = min(height, int(np.ceil(y.max())) + _BORDER_PX + 1)
    part = photo[min(top, height - 1) : max(bottom, 1), min(left, width - 1) : max(right, 1)]
    return cv2.remap(
        part.astype(np.float32),
        (x - min(left, width - 1)).astype(np.float32),
        (y - min(top, height - 1)).astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
