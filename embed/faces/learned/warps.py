"""Chance crops around a face whose points are known: shifted, turned, scaled, bent.

In: a face's points and chance. Out: a `Warp`, which says where in the picture each pixel of the
crop is, and where the points lie in the crop.

With u in the crop, sides at -1 and 1, A the square that fits the face (`frames`), J a shift, turn,
scale and shear, k a tilt (perspective) and e a sum of slow waves:

    picture(u) = A (J u / (1 + k . u) + e(u))

Points are the u where picture(u) is the given point, found by repeated correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embed.faces.base import Points
from embed.faces.learned.frames import frame_points
from embed.faces.resampling import Affine, invert_map, map_points

#: Share of crops as wide of the mark as a detector's box; the others are as the first answer is.
FAR_SHARE = 0.4
_WAVES = 3
_CORRECTIONS = 8


@dataclass(frozen=True)
class Spread:
    """Standard deviations: turn in radians, scale as a logarithm, shift in half sides."""

    turn: float
    scale: float
    shift: float


FAR, NEAR = Spread(0.2, 0.12, 0.09), Spread(0.06, 0.05, 0.025)
SHEAR, TILT, WAVE = 0.04, 0.04, 0.014


@dataclass(frozen=True, eq=False)
class Warp:
    """One chance crop; see above for the letters."""

    square: Affine
    inner: Affine
    tilt: np.ndarray
    directions: np.ndarray
    phases: np.ndarray
    heights: np.ndarray

    def locate(self, u: np.ndarray) -> np.ndarray:
        """Places [n, 2] in the crop -> pixels of the picture."""
        return map_points(self.square, self._bend(u))

    def find_points(self, points: Points) -> Points:
        """Where points of the picture lie in the crop."""
        wanted = map_points(invert_map(self.square), points)
        back = invert_map(self.inner)
        u = map_points(back, wanted)
        for _ in range(_CORRECTIONS):
            u = u + (wanted - self._bend(u)) @ back[:, :2].T
        return u

    def _bend(self, u: np.ndarray) -> np.ndarray:
        waves = np.sin(u @ self.directions.T + self.phases) @ self.heights
        return map_points(self.inner, u) / (1 + u @ self.tilt)[:, None] + waves


def draw_warp(points: Points, mean_shape: Points, random: np.random.Generator) -> Warp:
    """Chance decides how far and how bent."""
    spread = FAR if random.random() < FAR_SHARE else NEAR
    angle = random.normal(0, spread.turn)
    scale = np.exp(random.normal(0, spread.scale))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ (np.eye(2) + random.normal(0, SHEAR, (2, 2)))
    return Warp(
        frame_points(points, mean_shape),
        np.column_stack([turn, random.normal(0, spread.shift, 2)]),
        random.normal(0, TILT, 2),
        random.normal(0, 1.6, (_WAVES, 2)),
        random.uniform(0, 2 * np.pi, _WAVES),
        random.normal(0, WAVE, (_WAVES, 2)),
    )
