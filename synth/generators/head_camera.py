"""How a head turns on its neck, and the FFHQ crop as a camera that sees it.

In: points of a head in cm (x to the viewer's right, y up, z to the viewer). Out: places in the
picture. The crop follows the recipe of the FFHQ data set (Karras et al. 2019, appendix C) on the
landmarks of the face at rest, so that it does not jump with the expression. The drawn people are
seen so, and so is the head behind the bundled generator, which learned from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "point 2"]


def turn_head(
    points: Float[np.ndarray, "point 3"],
    share: Float[np.ndarray, " point"],
    angles_deg: tuple[float, float],
    pivot: np.ndarray | Sequence[float],
    body_yaw: float,
) -> Float[np.ndarray, "point 3"]:
    """Turn points by (yaw, pitch) about the neck as far as they share in it, 0 to 1.

    Where share is 0 the body follows the yaw by body_yaw. Yaw to the viewer's right and pitch up
    are positive.
    """
    yaw = np.radians(angles_deg[0] * (body_yaw + (1 - body_yaw) * share))
    pitch = np.radians(-angles_deg[1] * share)
    x, y, z = (points - pivot).T
    behind = z * np.cos(yaw) - x * np.sin(yaw)
    turned = [
        x * np.cos(yaw) + z * np.sin(yaw),
        y * np.cos(pitch) - behind * np.sin(pitch),
        y * np.sin(pitch) + behind * np.cos(pitch),
    ]
    return np.stack(turned, 1) + pivot


def project(points: Float[np.ndarray, "point 3"], distance_cm: float) -> Points:
    """Points in cm -> the plane z = 0, in perspective from a camera at that distance, y up."""
    return points[:, :2] * (distance_cm / (distance_cm - points[:, 2:3]))


def find_crop(marks: Points, roll_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """68 projected points, y up -> centre [2] of FFHQ's crop, and half its extent along x [2]."""
    right_eye, left_eye = marks[36:42].mean(0), marks[42:48].mean(0)
    eyes, mouth = (right_eye + left_eye) / 2, (marks[48] + marks[54]) / 2
    across, down = left_eye - right_eye, mouth - eyes
    axis = across + np.array([-down[1], down[0]])
    axis /= np.hypot(*axis)
    axis *= max(np.hypot(*across) * 2.0, np.hypot(*down) * 1.8)
    cosine, sine = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    return eyes + down * 0.1, np.array([[cosine, -sine], [sine, cosine]]) @ axis


def place_in_crop(points: Points, centre: np.ndarray, axis: np.ndarray, width: float) -> Points:
    """Projected points -> places in a crop so wide, from its top left corner, y down."""
    away, size = points - centre, float(axis @ axis)
    upright = np.array([-axis[1], axis[0]])
    places = [width / 2 * (1 + away @ axis / size), width / 2 * (1 - away @ upright / size)]
    return np.stack(places, 1)
