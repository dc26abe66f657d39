"""Which digits a frame shows: parts of the picture are cut out and read by scikit-learn's SVC.

In: frames uint8 [frame, 64, 64, 3]. Out: the digits of the two largest parts of each. It learned
all hands of scikit-learn's digits, enlarged as the films' digits are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from benchmarks.pictures.floating_digits import enlarge
from synth.types import Frames

_INK = 96
_READ_PX = 16
#: Smaller parts are dirt.
_SMALLEST_PX = 30


class DigitReader:
    """Reads two digits that do not touch. Learns in a few seconds when it is made."""

    def __init__(self) -> None:
        pixels, labels = load_digits(return_X_y=True)
        cuts = [_normalise(enlarge(image)) for image in pixels.reshape(-1, 8, 8)]
        self._classifier = SVC(C=10, gamma="scale").fit(np.stack(cuts), labels)

    def read(self, frames: Frames) -> list[tuple[int, ...]]:
        """The digits of each frame, at most two."""
        return [self._read_one(frame[..., 0]) for frame in frames]

    def _read_one(self, grey: np.ndarray) -> tuple[int, ...]:
        # Parts of a broken stroke that almost touch belong together.
        joined = cv2.dilate((grey > _INK).astype(np.uint8), np.ones((2, 2), np.uint8))
        labels = np.asarray(ndimage.label(joined, np.ones((3, 3)))[0])  # pyright: ignore
        sizes = np.bincount(labels.ravel())[1:]
        largest = [k + 1 for k in np.argsort(-sizes, kind="stable")[:2] if sizes[k] > _SMALLEST_PX]
        if not largest:
            return ()
        cuts = [_normalise(np.where(labels == k, grey, 0).astype(np.uint8)) for k in largest]
        return tuple(int(digit) for digit in self._classifier.predict(np.stack(cuts)))


def count_right(found: Sequence[tuple[int, ...]], wanted: tuple[int, int]) -> float:
    """The share of digits that were read as they should be, in any order."""
    right = [(Counter(pair) & Counter(wanted)).total() / 2 for pair in found]
    return float(np.mean(right))


def _normalise(picture: np.ndarray) -> np.ndarray:
    """The ink, brought to the middle of 16x16 with its aspect kept -> [256] in [0, 1]."""
    rows, columns = np.nonzero(picture > _INK)
    if not len(rows):
        return np.zeros(_READ_PX**2)
    cut = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = _READ_PX / max(cut.shape)
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    square = np.zeros((_READ_PX, _READ_PX))
    top, left = (_READ_PX - small.shape[0]) // 2, (_READ_PX - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small / 255
    return square.ravel()
