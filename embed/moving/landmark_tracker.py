"""68 points found in the generator's pictures, and flow, tell how a face moves: any generator.

What the points moved by since the reference is added to the photo's own points; between them a
spline fills in, over the face and the forehead above it. A jitter of the points below
`STILL` moves nothing. Points are some pixels off, and flow tears where something appears, so that
this is worse than a head that is known (docs/photos.md has figures).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import cv2
import numpy as np
from jaxtyping import Float
from scipy.interpolate import RBFInterpolator

from embed.faces.base import PointPlacer
from embed.moving.displacement import FIELD_PX, Displacement, Marks, Shifts, Weights, make_places
from embed.moving.flow import refine_by_flow
from embed.moving.mesh_field import spread_beyond
from embed.moving.openings import find_irises
from synth.types import Picture, Rows

#: Movements that are taken for jitter, in picture widths.
STILL = 4e-4
SMOOTHING = 0.01
#: Points closer than this, in picture widths, count as one.
TOUCHING = 0.014
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
        steps = found - self._first
        size = np.linalg.norm(steps, axis=1, keepdims=True)
        steps = steps * np.maximum(0, 1 - STILL / np.maximum(size, 1e-12))
        now = self.marks + steps
        firm = -steps[27:31].mean(0)  # the bridge of the nose moves with the skull alone
        rest = np.stack([firm, firm])
        if not steps.any():
            nothing = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32)
            marks = (self.marks, now, found)
            return Displacement(nothing, nothing[..., 0], *marks, rest, rest, is_still=True)
        known = cover_face(now)
        shifts = _interpolate(now, self.marks - now) * known[..., None]
        shifts = spread_beyond(shifts, known, find_irises(self.marks, rest))
        moved = Displacement(shifts, known, self.marks, now, found, rest, rest)
        return refine_by_flow(moved, self.reference, picture)

    def fits(self, rows: Rows) -> bool:
        """Points say nothing of who it is."""
        return True

    @cached_property
    def _first(self) -> Marks:
        return self._find_marks(self.reference)

    def _find_marks(self, picture: Picture) -> Marks:
        return find_marks_near(self.placer, picture, self.marks)


def find_marks_near(
    placer: PointPlacer, picture: Picture, marks: Float[np.ndarray, "near 2"]
) -> Marks:
    """68 points of a square picture, in its widths, where a face has about these."""
    side = picture.shape[0]
    box = np.concatenate([marks.min(0), marks.max(0)]) * side
    return (placer.place(picture, box) + 0.5) / side


def cover_face(marks: Marks) -> Weights:
    """1 within the face of 68 points and its forehead, else 0."""
    up = FOREHEAD * (marks[17:27].mean(0) - marks[8])
    outline = np.concatenate([marks[:17], marks[17:27] + up])
    hull = cv2.convexHull((outline * FIELD_PX).astype(np.float32)).astype(np.int32)
    mask = cv2.fillConvexPoly(np.zeros((FIELD_PX, FIELD_PX), np.uint8), hull, 1)
    reach = 2 * round(MARGIN * FIELD_PX) + 1
    return cv2.dilate(mask, np.ones((reach, reach), np.uint8)).astype(np.float32)


def _join_close(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points that nearly touch, as of closed lips, become one: a map has one value at a place."""
    joined, owner = [], np.full(len(places), -1)
    for k, place in enumerate(places):
        if owner[k] < 0:
            near = (np.hypot(*(places - place).T) < TOUCHING) & (owner < 0)
            owner[near] = len(joined)
            joined.append(near)
    means = [(places[near].mean(0), values[near].mean(0)) for near in joined]
    return np.stack([mean[0] for mean in means]), np.stack([mean[1] for mean in means])


def _interpolate(places: Marks, values: Marks) -> Shifts:
    """A spline (biharmonic in space) near values at places, on the grid."""
    places, values = _join_close(places, values)
    spline = RBFInterpolator(places, values, smoothing=SMOOTHING, kernel="linear")
    coarse = FIELD_PX // COARSE
    grid = spline(make_places(coarse).reshape(-1, 2).astype(np.float64))
    grid = grid.reshape(coarse, coarse, 2).astype(np.float32)
    return cv2.resize(grid, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_CUBIC)
