"""Two digits that float in 64x64 pixels and bounce off its borders, as Moving MNIST has them.

In: scikit-learn's digits (8x8, 17 levels; Alpaydin and Kaynak 1998), enlarged to 28x28. Out: single
frames to train on, and clips whose digits and places are known. A digit is drawn in its `hands`
most typical hands: those nearest to the mean of all that were written of it. Frames in which the
digits touch are left out, since nobody could read them. What is random comes from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from sklearn.datasets import load_digits

from synth.types import Frames

#: Those that float unless others are asked for.
DIGITS = (0, 3, 4)
SIDE_PX = 64
DIGIT_PX = 28
_FREE_PX = SIDE_PX - DIGIT_PX
#: From this level on a pixel belongs to a digit.
_INK = 64


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Drawn digits: pictures uint8 [glyph, 28, 28], and which digit each is [glyph]."""

    pictures: np.ndarray
    digits: np.ndarray

    @classmethod
    def typical(cls, hands: int = 1, digits: Sequence[int] = DIGITS) -> Glyphs:
        """The `hands` most typical of each digit. Raises ValueError for none or too many."""
        pixels, labels = load_digits(return_X_y=True)
        images = pixels.reshape(-1, 8, 8)
        fewest = int(np.bincount(labels).min())
        if not 1 <= hands <= fewest:
            raise ValueError(f"needs 1 to {fewest} hands for each digit; got {hands}; try 1")
        if len(set(digits)) < 2 or not set(digits) <= set(range(10)):
            raise ValueError(f"needs two digits or more, from 0 to 9; got {list(digits)}")
        chosen = []
        for digit in digits:
            own = np.flatnonzero(labels == digit)
            distance = np.square(images[own] - images[own].mean(0)).sum((1, 2))
            chosen.extend(own[np.argsort(distance, kind="stable")[:hands]])
        return cls(np.stack([enlarge(images[k]) for k in chosen]), labels[chosen])


@dataclass(frozen=True, eq=False)
class Clip:
    """frames uint8 [frame, 64, 64, 3]; the two digits; their top left corners [frame, 2, 2]."""

    frames: Frames
    digits: tuple[int, int]
    corners_px: np.ndarray


def enlarge(image: np.ndarray) -> np.ndarray:
    """8x8 with levels 0 to 16 -> uint8 [28, 28], with edges like a pen's."""
    large = cv2.resize(image / 16, (DIGIT_PX, DIGIT_PX), interpolation=cv2.INTER_CUBIC)
    sharp = 1 / (1 + np.exp(-12 * (large - 0.45)))
    return np.round(255 * np.where(sharp < 0.03, 0, sharp)).astype(np.uint8)


def bounce(start: np.ndarray, velocity: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Where something is that moves evenly in [0, 36] and comes back from both ends.

    start, velocity: [..., 2] in pixels, and pixels a unit of time; times [t] -> [t, ..., 2].
    """
    way = start[None] + velocity[None] * times.reshape(-1, *[1] * start.ndim)
    folded = np.mod(way, 2 * _FREE_PX)
    return np.minimum(folded, 2 * _FREE_PX - folded)


def draw_frame(pictures: np.ndarray, corners_px: np.ndarray) -> np.ndarray:
    """Two glyphs [2, 28, 28] at corners [2, (x, y)], to a fraction of a pixel -> uint8 [64, 64]."""
    frame = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    for picture, corner in zip(pictures, corners_px, strict=True):
        shift = np.array([[1, 0, corner[0]], [0, 1, corner[1]]], np.float64)
        moved = cv2.warpAffine(picture, shift, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
        frame = np.maximum(frame, moved)
    return frame


def make_still_frames(glyphs: Glyphs, count: int, seed: int) -> np.ndarray:
    """Single frames uint8 [count, 64, 64] of two different digits that do not touch."""
    random = np.random.default_rng(seed)
    frames = np.empty((count, SIDE_PX, SIDE_PX), np.uint8)
    for k in range(count):
        pair = _choose_pair(glyphs, random)
        corners_px = random.uniform(0, _FREE_PX, (2, 2))
        while _touch(glyphs.pictures[pair], corners_px[None]):
            corners_px = random.uniform(0, _FREE_PX, (2, 2))
        frames[k] = draw_frame(glyphs.pictures[pair], corners_px)
    return frames


def make_clip(glyphs: Glyphs, seed: int, count: int = 25, way_px: float = 24.0) -> Clip:
    """A clip of two digits, each of which goes `way_px` pixels in it; they never touch."""
    random = np.random.default_rng(seed)
    pair = _choose_pair(glyphs, random)
    corners_px = np.zeros((1, 2, 2))
    while _touch(glyphs.pictures[pair], corners_px):
        start = random.uniform(0, _FREE_PX, (2, 2))
        angle = random.uniform(0, 2 * np.pi, 2)
        velocity = way_px * np.stack([np.cos(angle), np.sin(angle)], 1)
        corners_px = bounce(start, velocity, np.linspace(0, 1, count))
    grey = np.stack([draw_frame(glyphs.pictures[pair], at) for at in corners_px])
    first, second = (int(digit) for digit in glyphs.digits[pair])
    return Clip(np.repeat(grey[..., None], 3, axis=3), (first, second), corners_px)


def _touch(pictures: np.ndarray, corners_px: np.ndarray) -> bool:
    """Whether the ink of two glyphs comes within a pixel of each other at any of the places."""
    spread = np.ones((3, 3), np.uint8)
    for places in corners_px:
        inks = [
            cv2.dilate(draw_frame(pictures[k : k + 1], places[k : k + 1]), spread) > _INK
            for k in range(2)
        ]
        if (inks[0] & inks[1]).any():
            return True
    return False


def _choose_pair(glyphs: Glyphs, random: np.random.Generator) -> np.ndarray:
    """Two glyphs of different digits."""
    first = int(random.integers(len(glyphs.digits)))
    others = np.flatnonzero(glyphs.digits != glyphs.digits[first])
    return np.array([first, int(random.choice(others))])
