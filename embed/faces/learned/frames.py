"""Where the network looks: a square around a face, and how a face lies in it.

In: a box, or 68 points. Out: `Affine` maps [2, 3] from the square, whose sides lie at -1 and 1, to
the picture's pixels. The square is known by the mean shape, 68 points in it: a map is right when
the face's own points lie near those.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from embed.faces.base import Box, Points
from embed.faces.resampling import Affine, map_points

#: Half the square's side in root mean square distances of the mean shape's points from its middle.
REACH = 1.75
#: Points of iBUG 300-W and those that take their places in a mirror.
MIRRORED = np.array(
    [
        *(*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1)),
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
        *(*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65),
    ]
)


def fit_similarity(points: Points, target: Points) -> Affine:
    """The shift, turn and scale that carry `points` nearest to `target`, in least squares.

    Raises ValueError for points that are all at one place.
    """
    source, goal = points @ [1, 1j], target @ [1, 1j]
    away = source - source.mean()
    extent = float(np.square(np.abs(away)).sum())
    if not extent > 0:
        raise ValueError("needs points apart from one another; got all at one place")
    factor = (np.conj(away) @ (goal - goal.mean())) / extent
    shift = goal.mean() - factor * source.mean()
    turn = [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    return np.array(turn, np.float64)


def frame_box(box: Box, mean_shape: Points) -> Affine:
    """The upright square around the box that a detector finds: its middle is that of the points.

    The mean shape is as wide and high as the box, as near as two numbers can say.
    """
    centre, half = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).mean()) / 2
    middle = mean_shape.mean(axis=0)
    scale = half / (BOX_OF_SPREAD / 2 * _measure_spread(mean_shape))
    return np.column_stack([np.eye(2) * scale, centre - scale * middle])


#: Side of dlib's box in standard deviations of the 68 points (`embed.tracking.face_tracking`).
BOX_OF_SPREAD = 2.55


def frame_points(points: Points, mean_shape: Points) -> Affine:
    """The square that fits these points of the face best, upright as the face is."""
    return fit_similarity(mean_shape, points)


def find_mean_shape(shapes: Float[np.ndarray, "face 68 2"]) -> Points:
    """The mean of faces without their places, sizes and turns, symmetric, upright, in a square.

    Generalised Procrustes analysis (Gower, 1975).
    """
    mean = shapes[0].astype(np.float64)
    for _ in range(4):
        aligned = []
        for shape in shapes:
            for one in (shape, (shape * [-1, 1])[MIRRORED]):
                aligned.append(map_points(fit_similarity(one.astype(np.float64), mean), one))
        mean = np.mean(aligned, axis=0)
        # Upright, and of one size, so that the next round means the same by them.
        mean = (mean + (mean * [-1, 1])[MIRRORED]) / 2
        mean = (mean - mean.mean(axis=0)) / (REACH * _measure_spread(mean))
    return mean


def _measure_spread(points: Points) -> float:
    """Root mean square distance of points from their middle."""
    return float(np.sqrt(points.var(axis=0).sum()))
