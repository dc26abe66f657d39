"""The words of this package for faces: boxes, 68 points, detectors, and which face is meant.

Pixels are counted with the centre of the first one at (0, 0). The 68 points are those of iBUG
300-W, in its order: 0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes, 48-67 mouth; "left" is the left
of the picture. A box is left, top, right, bottom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from synth.faces.boxes import SAME_FACE_OVERLAP, Box, compute_overlap, measure_area

Picture = UInt8[np.ndarray, "height width 3"]
#: A picture of another size than the one beside it in a signature.
Resized = UInt8[np.ndarray, "new_height new_width 3"]
Points = Float[np.ndarray, "68 2"]

POINT_COUNT = 68


class NoFaceError(ValueError):
    """A picture or video in which no face was found; the message says what was tried."""


@dataclass(frozen=True, eq=False)
class Detection:
    """Where a face seems to be, in pixels of the searched picture, and the detector's own score."""

    box: Box
    score: float


@dataclass(frozen=True, eq=False)
class Face:
    """A face in the source's pixels. Scores of different detectors cannot be compared."""

    box: Box
    score: float
    points: Points


@runtime_checkable
class FaceDetector(Protocol):
    """Finds faces from about `min_face_px` on, in a picture as large as it is given."""

    name: str
    min_face_px: int
    #: From this score on a face is believed even if it shows at an enlarged size only.
    sure_score: float

    def detect(self, picture: Picture) -> list[Detection]:
        """All faces of the picture, in any order."""
        ...


@runtime_checkable
class PointPlacer(Protocol):
    """Places the 68 points of the face in a box."""

    name: str

    def place(self, picture: Picture, box: Box) -> Points:
        """Picture, box of one face -> points [68, 2] float64 in the picture's pixels."""
        ...


@runtime_checkable
class FaceBoxEncoder(Protocol):
    """Faces -> vectors; two of one person lie nearer than `same_person_distance`."""

    same_person_distance: float

    def encode_face(self, picture: Picture, box: Box) -> Float[np.ndarray, " dim"]:
        """The vector of the face in a box."""
        ...


def check_choice(which: str | int) -> None:
    """Raise ValueError unless `which` is largest, all, or a whole number from 0 on."""
    number = isinstance(which, int) and not isinstance(which, bool) and which >= 0
    if not number and which not in ("largest", "all"):
        raise ValueError(f"needs a face: largest, all or a number from 0 on; got {which!r}")


def choose_faces(
    found: Sequence[Detection],
    which: str | int,
    name: str = "the picture",
    sure_score: float = -math.inf,
) -> list[Detection]:
    """The faces that are meant: `largest`, `all`, or the one of that number; largest first.

    0 is the largest, as `all` lists them. `largest` is the largest of those from `sure_score` on,
    where there are any, and of equal ones the surest: a badge must not win against a face. Raises
    ValueError naming the picture and the faces found when there is no face of that number.
    """
    check_choice(which)
    ordered = sorted(found, key=lambda one: (-measure_area(one.box), *one.box.tolist()))
    if which == "all":
        return ordered
    if which == "largest" and ordered:
        candidates = find_candidates(ordered, sure_score)
        return [max(candidates, key=lambda one: (measure_area(one.box), one.score))]
    number = 0 if which == "largest" else int(which)
    if number >= len(ordered):
        places = "; ".join(f"{k}: {np.round(one.box).tolist()}" for k, one in enumerate(ordered))
        raise ValueError(
            f"needs face {number} of {name}, counted from 0; found {len(ordered)} "
            f"(left, top, right, bottom: {places}); try one of these numbers"
        )
    return [ordered[number]]


def find_candidates(found: Sequence[Detection], sure_score: float) -> Sequence[Detection]:
    """Those that the detector is sure of; all where it is sure of none."""
    return [one for one in found if one.score >= sure_score] or found


def drop_doubles(found: Sequence[Detection]) -> list[Detection]:
    """The faces without those that overlap an earlier one of the list."""
    kept: list[Detection] = []
    for one in found:
        if all(compute_overlap(one.box, other.box) < SAME_FACE_OVERLAP for other in kept):
            kept.append(one)
    return kept
