"""68 points found in the generator's pictures tell how a face moves: for any generator.

What the points moved by since the reference is added to the photo's own points; between them a
thin-plate spline fills in, over the face and the forehead above it. A jitter of the points below
`STILL` moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from embed.faces.base import PointPlacer
from embed.moving.displacement import FIELD_PX, Displacement, Marks, Shifts, Weights, make_places
from embed.moving.mesh_field import spread_beyond
from embed.moving.openings import find_pupils
from synth.types import Picture, Rows

#: Movements that are taken for jitter, in picture widths.
STILL = 4e-4
SMOOTHING = 1e-5
#: The spline is evaluated at every n-th place of the grid.
COARSE = 4
#: Height of the forehead above the brows, in heights from chin to brows; margin in picture widths.
FOREHEAD, MARGIN = 0.35, 0.02


@dataclass(frozen=True, eq=False)
class LandmarkTracker:
    """A FaceTracker. placer: finds points; reference: the generator's picture of the photo; marks:
    the photo's points, in picture widths of the generator's square."""

    placer: PointPlacer
    reference: Picture
    marks: Marks

    name: ClassVar[str] = "landmarks"

    def find_displacement(self, rows: Rows, picture: Picture) -> Displacement:
        """From the reference to this picture; W+ is not looked at."""
        found = self._find_marks(picture)
        moved = found - self._first
        size = np.linalg.norm(moved, axis=1, keepdims=True)
        moved = moved * np.maximum(0, 1 - STILL / np.maximum(size, 1e-12))
        now = self.marks + moved
        firm = -moved[27:31].mean(0)  # the bridge of the nose moves with the skull alone
        rest = np.stack([firm, firm])
        if not moved.any():
            nothing = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32)
            marks = (self.marks, now, found)
            return Displacement(nothing, nothing[..., 0], *marks, rest, rest, is_still=True)
        known = cover_face(now)
        shifts = _interpolate(now, self.marks - now) * known[..., None]
        shifts = spread_beyond(shifts, known, find_pupils(now, rest))
        return Displacement(shifts, known, self.marks, now, found, rest, rest)

    def fits(self, rows: Rows) -> bool:
        """Points say nothing of who it is."""
        return True

    @cached_property
    def _first(self) -> Marks:
        return self._find_marks(self.reference)

    def _find_marks(self, picture: Picture) -> Marks:
        side = picture.shape[0]
        low, high = self.marks.min(0) * side, self.marks.max(0) * side
        box = np.concatenate([low, high])
        return (self.placer.place(picture, box) + 0.5) / side


def cover_face(marks: Marks) -> Weights:
    """1 within the face of 68 points and its forehead, else 0."""
    up = FOREHEAD * (marks[17:27].mean(0) - marks[8])
    outline = np.concatenate([marks[:17], marks[17:27] + up])
    hull = cv2.convexHull((outline * FIELD_PX).astype(np.float32)).astype(np.int32)
    mask = cv2.fillConvexPoly(np.zeros((FIELD_PX, FIELD_PX), np.uint8), hull, 1)
    reach = 2 * round(MARGIN * FIELD_PX) + 1
    return cv2.dilate(mask, np.ones((reach, reach), np.uint8)).astype(np.float32)


def _interpolate(places: Marks, values: Marks) -> Shifts:
    """A thin-plate spline through values at places, on the grid."""
    _, kept = np.unique(places.round(4), axis=0, return_index=True)
    spline = RBFInterpolator(places[kept], values[kept], smoothing=SMOOTHING)
    coarse = FIELD_PX // COARSE
    grid = spline(make_places(coarse).reshape(-1, 2).astype(np.float64))
    grid = grid.reshape(coarse, coarse, 2).astype(np.float32)
    return cv2.resize(grid, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_CUBIC)
