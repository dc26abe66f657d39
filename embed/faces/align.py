"""Cut a face out as FFHQ's pictures were cut, and put it back (Karras et al., 2019, appendix C).

In: a photo uint8 [height, width, 3] and the 68 points of a face in its pixels. Out: `AlignedFace`:
a square crop, upright by the face's own axes, and the square it came from.

    e0, e1  means of the points of the left and right eye; m the middle of the mouth's corners
    x ~ (e1 - e0) - turn(m - (e0 + e1) / 2),  |x| = max(2 |e1 - e0|, 1.8 |m - (e0 + e1) / 2|)
    c = (e0 + e1) / 2 + 0.1 (m - (e0 + e1) / 2),  y = x turned by a right angle
    quad = c - x - y, c - x + y, c + x + y, c + x - y   (top left, bottom left, and so on)

Differences from the recipe: the crop is made in one step straight from the photo's pixels
(`embed.faces.resampling`), and what lies outside the photo repeats its edge, as the thesis found
better than FFHQ's blurred mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from embed.faces.base import Picture, Points
from embed.faces.resampling import CATMULL_ROM, Affine, invert_map, map_points, resample

Quad = Float[np.ndarray, "4 2"]
Crop = UInt8[np.ndarray, "size size 3"]

LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
MOUTH_CORNERS = (48, 54)
GREY = (128, 128, 128)


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """A crop, and its corners in the photo [4, 2]: top left, bottom left, bottom right, top right.

    Corners are outer corners of the outermost pixels: the crop's first pixel has its centre half a
    pixel inside the first of them.
    """

    crop: Crop
    quad: Quad

    @property
    def to_photo(self) -> Affine:
        """Pixels (x, y) of the crop -> pixels of the photo, [2, 3]."""
        return map_crop_to_photo(self.quad, self.crop.shape[0])

    @property
    def to_crop(self) -> Affine:
        """Pixels (x, y) of the photo -> pixels of the crop, [2, 3]."""
        return invert_map(self.to_photo)


def compute_quad(points: Points) -> Quad:
    """68 points -> the corners of FFHQ's square, in the points' own pixels.

    Raises ValueError for points that are not finite, or make no square.
    """
    left, right = points[LEFT_EYE].mean(axis=0), points[RIGHT_EYE].mean(axis=0)
    eyes = (left + right) / 2
    mouth = points[list(MOUTH_CORNERS)].mean(axis=0)
    across, down = right - left, mouth - eyes
    axis = across + np.array([down[1], -down[0]])
    length = float(np.hypot(*axis))
    if not np.isfinite(points).all() or length == 0:
        raise ValueError(
            "needs 68 points with two eyes and a mouth apart from one another; got "
            + ("points at one place" if length == 0 else "points that are not finite")
        )
    x = axis / length * max(np.hypot(*across) * 2.0, np.hypot(*down) * 1.8)
    y = np.array([-x[1], x[0]])
    c = eyes + down * 0.1
    return np.stack([c - x - y, c - x + y, c + x + y, c + x - y])


def align_face(
    photo: Picture,
    points: Points,
    size_px: int = 1024,
    padding: str = "edge",
    colour: tuple[int, int, int] = GREY,
) -> AlignedFace:
    """Cut the face with these 68 points out of the photo, `size_px` wide and high.

    What lies outside the photo: `edge`, `reflect`, or `constant` (then in `colour`).
    Raises ValueError for points without a square or wholly outside the photo, and another padding.
    """
    return cut_quad(photo, compute_quad(points), size_px, padding, colour)


def cut_quad(
    photo: Picture,
    quad: Quad,
    size_px: int = 1024,
    padding: str = "edge",
    colour: tuple[int, int, int] = GREY,
) -> AlignedFace:
    """As `align_face`, for a square that is known already."""
    if size_px < 1:
        raise ValueError(f"needs a crop of 1 pixel or more; got {size_px}")
    matrix = map_crop_to_photo(quad, size_px)
    pixels = resample(photo, matrix, (size_px, size_px), padding, colour)
    return AlignedFace(_to_levels(pixels), quad)


def paste_crop(
    photo: Picture,
    crop: Crop,
    quad: Quad,
    feather: float = 0.1,
    mask: Float[np.ndarray, "mask_size mask_size"] | None = None,
) -> Picture:
    """The photo with an edited crop of any size put back where `quad` was cut; a new array.

    The crop fades out towards its border over `feather` of its side (0: a hard edge). `mask`, 0 to
    1 of any size, chooses what of the crop is used (1) and what of the photo stays (0).
    Raises ValueError for a feather outside 0 to 0.5 or a mask outside 0 to 1.
    """
    if not 0 <= feather <= 0.5:
        raise ValueError(f"needs a feather from 0 to 0.5 of the crop's side; got {feather}")
    if mask is not None and not ((mask >= 0) & (mask <= 1)).all():
        raise ValueError(f"needs a mask from 0 to 1; got {mask.min()} to {mask.max()}")
    result = photo.copy()
    height, width = photo.shape[:2]
    low = np.floor(quad.min(axis=0)).astype(int).clip(0, (width, height))
    high = (np.ceil(quad.max(axis=0)).astype(int) + 1).clip(0, (width, height))
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    if min(size) < 1:
        return result
    weights = _fade(_map_from(low, quad, 1), size, feather)
    if not weights.any():  # only a corner of the square's bounding box lies in the photo
        return result
    pixels = resample(crop, _map_from(low, quad, len(crop)), size, cubic=CATMULL_ROM)
    if mask is not None:
        chosen = mask.astype(np.float32)[..., None]
        weights = weights * resample(chosen, _map_from(low, quad, len(mask)), size).clip(0, 1)
    window = result[low[1] : high[1], low[0] : high[0]]
    window[:] = _to_levels(window + weights * (pixels.clip(0, 255) - window))
    return result


def map_crop_to_photo(quad: Quad, size_px: int) -> Affine:
    """Pixels of a crop of `size_px` -> pixels of the photo that it was cut from, [2, 3]."""
    right, down = (quad[3] - quad[0]) / size_px, (quad[1] - quad[0]) / size_px
    return np.column_stack([right, down, quad[0] + (right + down) / 2])


def _map_from(corner: np.ndarray, quad: Quad, size_px: int) -> Affine:
    """Pixels of the photo's part that begins at `corner` -> pixels of the crop."""
    matrix = invert_map(map_crop_to_photo(quad, size_px))
    matrix[:, 2] = map_points(matrix, corner[None].astype(np.float64))[0]
    return matrix


def _fade(to_unit: Affine, size: tuple[int, int], feather: float) -> np.ndarray:
    """Weights [height, width, 1]: 1 inside the square, 0 outside, smooth over `feather`.

    `to_unit` leads to a crop of one pixel, whose centre is 0 and whose border is half away.
    """
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float64)
    places = map_points(to_unit, np.stack([x.ravel(), y.ravel()], axis=1))
    inside = 0.5 - np.abs(places).max(axis=1).reshape(size[1], size[0], 1)
    if feather == 0:
        return (inside >= 0).astype(np.float32)
    t = (inside / feather).clip(0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _to_levels(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels).clip(0, 255).astype(np.uint8)
