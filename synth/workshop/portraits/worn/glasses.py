"""Glasses that fit the face below them: two rims, a bridge on the nose, temples to the ears.

They are rigid with the head, fade in above a threshold, and run from round thin metal to broad
rectangular acetate.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, join_rings, rise
from synth.workshop.portraits.parts import GLASSES

#: Where temples touch the neutral head, the viewer's right: just before the top of the ear.
EAR_CM = (7.6, 4.8, 1.5)
_RIM_POINTS, _TUBE_SIDES = 64, 8
_UP, _FORWARD = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


def find_ears(vertices: np.ndarray) -> np.ndarray:
    """Numbers [2] of the vertices of the neutral head [vertex, 3] on which temples rest."""
    places = np.array([EAR_CM, (-EAR_CM[0], *EAR_CM[1:])])
    return np.linalg.norm(vertices[:, None] - places, axis=-1).argmin(0)


def make_glasses(face: FaceParameters, landmarks: np.ndarray, ears: np.ndarray) -> list[Form]:
    """Fit a frame to landmarks [68, 3] and ears [2, 3] at rest; empty where nobody wears one."""
    size = rise(0.06, 0.14, face["glasses"])
    if size == 0:
        return []
    shape = face["glasses_shape"]
    in_plane, depth = (0.10 + 0.16 * shape) * size, (0.09 + 0.12 * shape) * size
    frame, hinges, inner = [], [], []
    for side, eye in ((1.0, landmarks[42:48]), (-1.0, landmarks[36:42])):
        rim = _make_rim(eye, landmarks, side, shape)
        frame.append(_sweep(rim, _FORWARD, depth, in_plane, closed=True))
        # Rim points run from the outer end over the top.
        hinges.append(rim[_RIM_POINTS * 5 // 64])
        inner.append(rim[_RIM_POINTS * 26 // 64])
    frame.append(_sweep(_span_bridge(inner, landmarks), _UP, in_plane, depth))
    for side, hinge, ear in zip((1, -1), hinges, ears, strict=True):
        temple = _run_temple(hinge, landmarks[16 if side > 0 else 0], ear, side)
        height, width = (0.08 + 0.22 * shape) * size, (0.06 + 0.05 * shape) * size
        frame.append(_sweep(temple, _UP, height, width))
    vertices, triangles = _join(frame)
    return [Form.make(vertices, vertices, triangles, GLASSES)]


def _make_rim(eye: np.ndarray, landmarks: np.ndarray, side: float, shape: float) -> np.ndarray:
    """Middle line [point, 3] of the rim before one eye [6, 3]."""
    apart = abs(landmarks[42:48, 0].mean() - landmarks[36:42, 0].mean()) / 6.3
    half_width, half_height = (2.62 + 0.2 * shape) * apart, (2.45 - 0.35 * shape) * apart
    angle = np.linspace(0, 2 * np.pi, _RIM_POINTS, endpoint=False)
    # A superellipse (Lame): a circle's sharper cousin as the power grows.
    power = 2 / (2.15 + 2.2 * shape)
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    x = x * (1 + 0.07 * shape * y)
    centre = eye.mean(0) + np.array([0.18 * side, -0.28, 0])
    px, py = centre[0] + side * half_width * x, centre[1] + half_height * y
    # Curved round the face, and leaning forward at the top.
    pz = eye[:, 2].mean() + 2.0 - 0.045 * (np.abs(px) - 1) ** 2 + 0.05 * half_height * y
    return np.stack([px, py, pz], 1)


def _span_bridge(inner: list[np.ndarray], landmarks: np.ndarray) -> np.ndarray:
    """An arch over the nose between the rims' inner points."""
    height = (inner[0][1] + inner[1][1]) / 2
    ridge = landmarks[27:31]
    nose = np.interp(height, ridge[::-1, 1], ridge[::-1, 2]) + 0.25
    middle = np.array([ridge[0, 0], height + 0.18, max(nose, inner[0][2] + 0.1)])
    return CubicSpline((0, 1, 2), np.stack([inner[0], middle, inner[1]]))(np.linspace(0, 2, 16))


def _run_temple(hinge: np.ndarray, jaw: np.ndarray, ear: np.ndarray, side: int) -> np.ndarray:
    """From the rim past the jaw's uppermost landmark over the ear and down behind it."""
    out = np.array([0.30 * side, 0, 0])
    beside = np.array([jaw[0], hinge[1] + 0.55 * (ear[1] - hinge[1]), jaw[2]]) + out
    reach = min(abs(hinge[0]) + 0.55, max(abs(hinge[0]) + 0.15, abs(jaw[0]) - 0.9))
    corner = np.array([reach * side, *hinge[1:]])
    corner[2] -= 0.75
    points = np.stack(
        [
            hinge,
            corner,
            beside,
            ear + out * 0.6 + (0, 0.15, 0),
            ear + np.array([0.1 * side, 0.1, -1.6]),
            ear + np.array([-0.1 * side, -1.6, -3.0]),
        ]
    )
    distance = np.cumsum([0, *np.linalg.norm(np.diff(points, axis=0), axis=1)])
    smooth = np.linspace(0, distance[-1], 40)
    return np.stack([np.interp(smooth, distance, points[:, k]) for k in range(3)], 1)


def _sweep(
    path: np.ndarray, reference: np.ndarray, along: float, across: float, closed: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A tube round path [n, 3] with half-axes `along` the reference direction and `across` it."""
    if closed:
        tangent = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, reference)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    rise = np.cross(side, tangent)
    angle = np.linspace(0, 2 * np.pi, _TUBE_SIDES, endpoint=False)
    ring = (
        side[:, None] * (across * np.cos(angle))[:, None]
        + rise[:, None] * (along * np.sin(angle))[:, None]
    )
    triangles = join_rings(len(path), _TUBE_SIDES, closed)
    return (path[:, None] + ring).reshape(-1, 3), triangles


def _join(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *[len(vertices) for vertices, _ in parts[:-1]]])
    return (
        np.concatenate([vertices for vertices, _ in parts]).astype(np.float32),
        np.concatenate(
            [triangles + start for (_, triangles), start in zip(parts, starts, strict=True)]
        ).astype(np.int32),
    )
