"""Expression size: how far a face moves from its first expression, so that no frozen face wins.

In: 68 landmarks per frame in the order of iBUG 300-W (0-16 jaw, 17-26 brows, 27-35 nose, 36-47
eyes, 48-67 mouth), pixels, NaN rows without a face. Out: one number per frame.

    x_t  points 17-67 of frame t; S_t the similarity (shift, turn, scale) that carries the
         rigid points of frame t onto those of the first frame in least squares (Umeyama, 1991)
    size_t = mean_i ||S_t x_{t,i} - x_{0,i}|| / ||outer eye corner - outer eye corner||_0

Rigid points are the corners of the eyes and the nose's bridge: a nod or a step towards the camera
is no expression. The jaw line is left out, for it moves with the turn of the head.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from synth.faces.observers import Landmarks

Points = Float[np.ndarray, "point 2"]
PerFrame = Float[np.ndarray, " frame"]

RIGID_POINTS = (27, 28, 29, 30, 36, 39, 42, 45)
FACE_POINTS = tuple(range(17, 68))
OUTER_EYE_CORNERS = (36, 45)


def compute_expression_size(landmarks: Landmarks) -> PerFrame:
    """Landmarks [frame, 68, 2] -> expression size [frame], in eye distances of the first face.

    Exactly 0 where the points are those of the first face; NaN without a face.
    Raises ValueError when the first face's eye corners coincide.
    """
    has_face = ~np.isnan(landmarks).any(axis=(1, 2))
    sizes = np.full(len(landmarks), np.nan)
    if not has_face.any():
        return sizes
    first = landmarks[has_face.argmax()].astype(np.float64)
    left, right = (first[k] for k in OUTER_EYE_CORNERS)
    eye_distance = float(np.linalg.norm(left - right))
    if eye_distance == 0:
        raise ValueError("needs landmarks with two eyes; got both outer corners at one place")
    for k in np.flatnonzero(has_face):
        moved = align_points(landmarks[k].astype(np.float64), first)
        steps = np.linalg.norm(moved - first, axis=1)[list(FACE_POINTS)]
        sizes[k] = steps.mean() / eye_distance
    return sizes


def align_points(points: Points, target: Points) -> Points:
    """Carry `points` [68, 2] by the similarity that fits their rigid ones best onto `target`'s."""
    if np.array_equal(points, target):
        return target
    source, goal = points[list(RIGID_POINTS)], target[list(RIGID_POINTS)]
    source_mean, goal_mean = source.mean(axis=0), goal.mean(axis=0)
    u, spread, vt = np.linalg.svd((goal - goal_mean).T @ (source - source_mean))
    mirror = np.array([1.0, np.sign(np.linalg.det(u @ vt))])  # a turn, never a mirror image
    rotation = (u * mirror) @ vt
    scale = (spread * mirror).sum() / ((source - source_mean) ** 2).sum()
    return scale * (points - source_mean) @ rotation.T + goal_mean
