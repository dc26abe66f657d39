"""The FFHQ crop as a camera, and how a head turns on its neck.

The crop follows the recipe of the FFHQ data set (Karras et al. 2019, appendix C) on the landmarks
of the identity at rest, so that it does not jump with the expression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

CAMERA_DISTANCE_CM = 95.0
PIVOT = np.array([0, 1, 1], np.float32)
#: How far the body follows the head's yaw.
BODY_YAW = 0.35


@dataclass(frozen=True)
class Camera:
    """The FFHQ crop: centre [2] and half extent [2] of the picture's x axis, on the plane z = 0."""

    centre: np.ndarray
    axis: np.ndarray
    size_px: int

    @property
    def px_per_cm(self) -> float:
        """Of what lies on the plane z = 0."""
        return self.size_px / 2 / math.hypot(*self.axis)

    def find_screen(self, points: np.ndarray) -> np.ndarray:
        """Posed points [..., 3] in cm -> [..., 3] pixels (y down) and depth."""
        flat = points.reshape(-1, 3)
        offset = project(flat) - self.centre
        half = float(self.axis @ self.axis)
        upright = np.array([-self.axis[1], self.axis[0]])
        screen = np.empty_like(flat)
        screen[:, 0] = self.size_px / 2 * (1 + offset @ self.axis / half)
        screen[:, 1] = self.size_px / 2 * (1 - offset @ upright / half)
        screen[:, 2] = flat[:, 2]
        return screen.reshape(points.shape)


def make_rotation(yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """Turn by yaw (viewer's right positive), then pitch (up positive)."""
    cy, sy = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    cp, sp = math.cos(math.radians(-pitch_deg)), math.sin(math.radians(-pitch_deg))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return (np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ turn).astype(np.float32)


def bend_neck(
    points: np.ndarray, head_share: np.ndarray, yaw_deg: float, pitch_deg: float
) -> np.ndarray:
    """Turn points [n, 3] with the head where head_share [n] is 1, little where it is 0."""
    yaw = np.radians(yaw_deg * (BODY_YAW + (1 - BODY_YAW) * head_share))
    pitch = np.radians(-pitch_deg * head_share)
    x, y, z = (points - PIVOT).T
    z_turned = z * np.cos(yaw) - x * np.sin(yaw)
    turned = np.stack(
        [
            x * np.cos(yaw) + z * np.sin(yaw),
            y * np.cos(pitch) - z_turned * np.sin(pitch),
            y * np.sin(pitch) + z_turned * np.cos(pitch),
        ],
        1,
    )
    return turned + PIVOT


def project(points: np.ndarray) -> np.ndarray:
    """[n, 3] cm -> [n, 2] on the plane z = 0, in perspective."""
    return points[:, :2] * (CAMERA_DISTANCE_CM / (CAMERA_DISTANCE_CM - points[:, 2:3]))


def find_crop(landmarks: np.ndarray, roll_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """FFHQ crop of projected landmarks [68, 2], y up -> centre [2], half extent along x [2]."""
    right_eye, left_eye = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
    mouth = (landmarks[48] + landmarks[54]) / 2
    eyes = (right_eye + left_eye) / 2
    across, down = left_eye - right_eye, mouth - eyes
    axis = across + np.array([-down[1], down[0]])
    axis /= np.hypot(*axis)
    axis *= max(np.hypot(*across) * 2.0, np.hypot(*down) * 1.8)
    cr, sr = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    return eyes + down * 0.1, np.array([[cr, -sr], [sr, cr]]) @ axis
