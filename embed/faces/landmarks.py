"""Find faces in a photo and place their 68 points: small ones too, in pictures of any size.

In: an upright uint8 RGB picture (`embed.photos.loading`). Out: `Face`s in its own pixels.

1. A picture is searched at sizes that grow (`search_px`, its longer side; the first is never
   enlarged, each later one at most twice as much as the one before): a face of an eighth of a
   picture's side is found at once, one of a fiftieth at the last size. For the largest face the
   search ends where one is found; for all faces, or one by number, every size is searched.
2. The points are placed in the full picture, whatever size the face was found at.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from embed.faces.base import (
    Detection,
    Face,
    FaceDetector,
    NoFaceError,
    Picture,
    PointPlacer,
    check_choice,
    choose_faces,
    drop_doubles,
    find_candidates,
)
from embed.faces.dlib_faces import CnnDetector, DlibPoints, HogDetector, resize_picture
from embed.faces.fan import FanPoints, SfdDetector
from embed.faces.learned.placer import RenderPoints
from synth.faces.observers import (
    NeedsModels,
)

SEARCH_PX = (640, 1280, 2560)
DETECTORS = {"hog": HogDetector, "cnn": CnnDetector, "sfd": SfdDetector}
PLACERS = {"dlib": DlibPoints, "fan": FanPoints, "own": RenderPoints}
#: Two sizes nearer than this factor show the same faces.
SAME_SIZE = 1.1


class FaceFinder:
    """A detector and a placer of points, by name (hog, cnn, sfd; dlib, fan, own) or as objects.

    Raises ValueError for a name that is not, and for sizes that do not grow.
    """

    def __init__(
        self,
        detector: str | FaceDetector = "hog",
        points: str | PointPlacer = "dlib",
        search_px: Sequence[int] = SEARCH_PX,
    ) -> None:
        self.detector: FaceDetector = _choose(DETECTORS, detector, "detector")
        self.placer: PointPlacer = _choose(PLACERS, points, "points")
        self.search_px = tuple(search_px)
        if not self.search_px or min(self.search_px) < 1 or any(np.diff(self.search_px) <= 0):
            raise ValueError(f"needs search sizes in pixels that grow; got {self.search_px}")

    def fetch_models(self) -> None:
        """Find, or download, and verify what will be needed; raises what is wrong with it."""
        for part in (self.detector, self.placer):
            if isinstance(part, NeedsModels):
                part.fetch_models()

    def find_faces(
        self, picture: Picture, which: str | int = "largest", name: str = "the picture"
    ) -> list[Face]:
        """The faces that are meant: `largest`, `all`, or a number from 0 (the largest) on.

        Warns when `largest` was chosen among several (`find_candidates`). Raises NoFaceError
        saying what was tried when there is none in the picture `name`, and ValueError when there is
        none of that number.
        """
        check_choice(which)
        found = self.detect_faces(picture, every_size=which != "largest")
        if not found:
            raise NoFaceError(self._describe_failure(picture, name))
        chosen = choose_faces(found, which, name, self.detector.sure_score)
        count = len(find_candidates(found, self.detector.sure_score))
        if which == "largest" and count > 1:
            warnings.warn(
                f"{name}: has {count} faces; took the largest (left, top, right, bottom: "
                f"{np.round(chosen[0].box).astype(int).tolist()}); try which=0, 1, ... "
                "for another, counted from the largest",
                stacklevel=2,
            )
        return [
            Face(one.box, one.score, self.placer.place(picture, one.box).astype(np.float64))
            for one in chosen
        ]

    def detect_faces(self, picture: Picture, every_size: bool = False) -> list[Detection]:
        """Boxes and scores in the picture's pixels; the first size that shows any, or all sizes.

        A face that shows at a later size only, in a picture where others were found before, must
        be sure: enlarging brings false ones.
        """
        found: list[Detection] = []
        for scale in self.plan_search(picture.shape[0], picture.shape[1]):
            seen = self.detector.detect(resize_picture(picture, scale))
            new = [Detection(_unscale(one.box, scale), one.score) for one in seen]
            if found:
                new = [one for one in new if one.score >= self.detector.sure_score]
            found = drop_doubles([*found, *sorted(new, key=lambda one: -one.score)])
            if found and not every_size:
                break
        return found

    def plan_search(self, height: int, width: int) -> list[float]:
        """The factors by which a picture of that size is resized, one after the other."""
        scales: list[float] = []
        for k, size in enumerate(self.search_px):
            scale = min(2.0**k, size / max(height, width))
            if not scales or scale > scales[-1] * SAME_SIZE:
                scales.append(scale)
        return scales

    def describe(self) -> dict[str, object]:
        """What was chosen, as plain JSON."""
        return {
            "detector": self.detector.name,
            "points": self.placer.name,
            "search_px": list(self.search_px),
        }

    def _describe_failure(self, picture: Picture, name: str) -> str:
        height, width = picture.shape[:2]
        scales = self.plan_search(height, width)
        sizes = ", ".join(f"{round(width * s)}x{round(height * s)}" for s in scales)
        smallest = self.detector.min_face_px / scales[-1]
        return (
            f"needs a face; {self.detector.name} found none in {name} ({width}x{height} pixels), "
            f"searched at {sizes}, for faces from about {smallest:.0f} pixels on; try a picture "
            "with a whole face seen from the front, or another detector (hog, cnn, sfd)"
        )


def _choose(known: dict[str, Any], wanted: Any, setting: str) -> Any:
    """An object by its name; an object is taken as it is."""
    if not isinstance(wanted, str):
        return wanted
    if wanted not in known:
        raise ValueError(f"needs {setting} among {', '.join(known)}; got {wanted!r}")
    return known[wanted]()


def _unscale(box: np.ndarray, scale: float) -> np.ndarray:
    """A box of the resized picture in the full one's pixels: centres of pixels lie at wholes."""
    return box if scale == 1 else (box + 0.5) / scale - 0.5
