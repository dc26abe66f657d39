"""The camera that sees a drawn person, and how far the body follows (`generators.head_camera`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synth.generators.head_camera import place_in_crop, project

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
        projected = project(flat, CAMERA_DISTANCE_CM)
        screen = np.empty_like(flat)
        screen[:, :2] = place_in_crop(projected, self.centre, self.axis, self.size_px)
        screen[:, 2] = flat[:, 2]
        return screen.reshape(points.shape)


def make_rotation(yaw_deg: float, pitch_deg: float) -> np.ndarray:
    """Turn by yaw (viewer's right positive), then pitch (up positive)."""
    cy, sy = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    cp, sp = math.cos(math.radians(-pitch_deg)), math.sin(math.radians(-pitch_deg))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return (np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ turn).astype(np.float32)
