"""Draw a picture through an affine map, once: each pixel is made straight from the source's.

In: uint8 or float pixels [height, width, channel] and the map from the result's pixels to the
source's. Out: float32 pixels [new height, new width, channel].

Where the result is coarser (r > 1 source pixels a pixel), the source is first low-passed by a
Lanczos kernel of three lobes r pixels wide, which is the identity at r = 1: nothing aliases, and
nothing jumps as r passes 1. Then a cubic kernel of 4x4 pixels (Mitchell and Netravali, 1988, by
their B and C) is evaluated at exact places; OpenCV rounds them to 1/32 pixel, which would shake.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float

Affine = Float[np.ndarray, "2 3"]

PADDINGS = {
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "constant": cv2.BORDER_CONSTANT,
}
#: B and C of the cubic kernel: their authors' choice, and the sharper one of Catmull and Rom.
MITCHELL = (1 / 3, 1 / 3)
CATMULL_ROM = (0.0, 0.5)
LANCZOS_LOBES = 3
#: Pixels of the result that are made at once.
BLOCK_PIXELS = 1 << 18


@dataclass(frozen=True, eq=False)
class Region:
    """The part of a source that a result needs: float32 pixels, and where its corner lies."""

    pixels: np.ndarray
    left: int
    top: int


def resample(
    picture: np.ndarray,
    to_source: Affine,
    size: tuple[int, int],
    padding: str = "edge",
    colour: tuple[float, ...] = (128.0,),
    cubic: tuple[float, float] = MITCHELL,
) -> Float[np.ndarray, "height width channel"]:
    """Pixels [height, width, channel] through `to_source`, which takes (x, y) of the result there.

    `size` is width and height of the result. What lies outside the source repeats its `edge`,
    mirrors it (`reflect`), or is `colour` (`constant`).
    Raises ValueError for another padding, a map without extent, or one that misses the source.
    """
    if padding not in PADDINGS:
        raise ValueError(f"needs padding among {', '.join(PADDINGS)}; got {padding!r}")
    reduction = float(np.sqrt(abs(np.linalg.det(to_source[:, :2]))))
    if not np.isfinite(reduction) or reduction < 1e-9:
        raise ValueError(f"needs a map with an extent; got {to_source.tolist()}")
    margin = 3 + int(np.ceil(LANCZOS_LOBES * max(reduction, 1.0)))
    offset = np.resize(np.asarray(colour, np.float32), picture.shape[2])
    # The colour outside is then zero, and zero is what taps outside are given.
    shift = offset if padding == "constant" else np.zeros_like(offset)
    region = _cut(picture, to_source, size, margin, padding, shift)
    pixels = region.pixels
    if reduction > 1:
        kernel = make_lanczos(reduction)
        border = PADDINGS[padding]
        pixels = cv2.sepFilter2D(pixels, cv2.CV_32F, kernel, kernel, borderType=border)
        pixels = pixels.reshape(region.pixels.shape)  # OpenCV drops a single channel
    local = to_source - np.array([[0, 0, region.left], [0, 0, region.top]])
    return _sample(pixels, local, size, padding, cubic) + shift


def make_lanczos(reduction: float) -> Float[np.ndarray, " tap"]:
    """The low-pass filter for `reduction` (1 or more) source pixels a pixel; its sum is 1."""
    reach = int(np.ceil(LANCZOS_LOBES * reduction)) - 1
    x = np.arange(-reach, reach + 1) / reduction
    weights = np.sinc(x) * np.sinc(x / LANCZOS_LOBES)
    return (weights / weights.sum()).astype(np.float32)


def weigh_cubic(
    fraction: Float[torch.Tensor, " pixel"], b: float, c: float
) -> Float[torch.Tensor, "pixel 4"]:
    """Weights of the four neighbours for a place `fraction` (0 to 1) behind the second."""
    steps = torch.stack([fraction + 1, fraction, 1 - fraction, 2 - fraction], dim=1)
    near = (12 - 9 * b - 6 * c) * steps**3 + (-18 + 12 * b + 6 * c) * steps**2 + 6 - 2 * b
    far = (-b - 6 * c) * steps**3 + (6 * b + 30 * c) * steps**2
    far += (-12 * b - 48 * c) * steps + 8 * b + 24 * c
    return torch.where(steps < 1, near, far) / 6


def map_points(
    matrix: Affine, points: Float[np.ndarray, "point 2"]
) -> Float[np.ndarray, "point 2"]:
    """Places (x, y) through an affine map."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def invert_map(matrix: Affine) -> Affine:
    """The way back."""
    back = np.linalg.inv(matrix[:, :2])
    return np.column_stack([back, -back @ matrix[:, 2]])


def _cut(
    picture: np.ndarray,
    to_source: Affine,
    size: tuple[int, int],
    margin: int,
    padding: str,
    shift: np.ndarray,
) -> Region:
    """What the result needs of the source, as float32."""
    right, bottom = size[0] - 1, size[1] - 1
    corners = np.array([(0, 0), (right, 0), (0, bottom), (right, bottom)], np.float64)
    places = map_points(to_source, corners)
    spans = []
    for low, high, count in zip(
        places.min(axis=0), places.max(axis=0), (picture.shape[1], picture.shape[0]), strict=True
    ):
        first, last = int(np.floor(low)) - margin, int(np.ceil(high)) + margin
        if high < 0 or low > count - 1:
            raise ValueError(
                f"needs a region that meets the picture of {picture.shape[1]}x{picture.shape[0]} "
                f"pixels; got corners {np.round(places, 1).tolist()}"
            )
        if padding == "reflect":  # what is mirrored must be there
            first, last = min(first, 2 * (count - 1) - last), max(last, -first)
        spans.append(slice(max(first, 0), min(last + 1, count)))
    pixels = picture[spans[1], spans[0]].astype(np.float32) - shift
    return Region(np.ascontiguousarray(pixels), spans[0].start, spans[1].start)


def _sample(
    pixels: np.ndarray,
    to_source: Affine,
    size: tuple[int, int],
    padding: str,
    cubic: tuple[float, float],
) -> np.ndarray:
    """The cubic kernel at every pixel of the result, a block of rows at a time."""
    (width, height), channels = size, pixels.shape[2]
    table = torch.from_numpy(pixels.reshape(-1, channels))
    result = np.empty((height, width, channels), np.float32)
    rows = max(1, BLOCK_PIXELS // max(1, width))
    for start in range(0, height, rows):
        count = min(rows, height - start)
        y, x = np.mgrid[start : start + count, 0:width].reshape(2, -1).astype(np.float64)
        places = to_source[:, :1] * x + to_source[:, 1:2] * y + to_source[:, 2:]
        total = torch.zeros(x.size, channels)
        columns, column_weights = _list_taps(places[0], pixels.shape[1], padding, cubic)
        lines, line_weights = _list_taps(places[1], pixels.shape[0], padding, cubic)
        for j in range(4):
            for i in range(4):
                taps = table.index_select(0, lines[j] * pixels.shape[1] + columns[i])
                total += taps * (line_weights[j] * column_weights[i])[:, None]
        result[start : start + count] = total.reshape(count, width, channels).numpy()
    return result


def _list_taps(
    places: np.ndarray, count: int, padding: str, cubic: tuple[float, float]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """For places along one axis: the four pixels each is made of, and their weights."""
    first = np.floor(places)
    weights = weigh_cubic(torch.from_numpy((places - first).astype(np.float32)), *cubic)
    indices, kept = [], []
    for k in range(4):
        index = first.astype(np.int64) + (k - 1)
        weight = weights[:, k]
        if padding == "constant":
            inside = (index >= 0) & (index < count)
            weight = weight * torch.from_numpy(inside)
        elif padding == "reflect" and count > 1:
            index = np.abs(index) % (2 * (count - 1))
            index = np.minimum(index, 2 * (count - 1) - index)
        indices.append(torch.from_numpy(index.clip(0, count - 1)))
        kept.append(weight)
    return indices, kept
