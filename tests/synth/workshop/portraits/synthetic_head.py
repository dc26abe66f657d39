"""A small head in the format of the real one: so that portraits are tested without any download.

Skin is an egg on a neck and shoulders, in which the landmarks are vertices; eyes are balls that
look out of it; teeth, gums and lashes are a few points where the real head has them. Shapes move
what their names say by smooth bumps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import Delaunay

from synth.workshop.portraits.forms.lashes import RIBBON_COLUMNS, RIBBON_ROWS

#: x and y of the landmarks of the viewer's right half in cm, by number.
_RIGHT = {
    16: (7.3, 3.7), 15: (7.2, 1.5), 14: (6.9, -0.5), 13: (6.5, -2.4), 12: (5.7, -4.5),
    11: (4.3, -6.2), 10: (3.0, -6.9), 9: (1.5, -7.3), 26: (5.8, 5.2), 25: (4.9, 6.0),
    24: (3.8, 6.3), 23: (2.4, 6.2), 22: (1.2, 5.9), 45: (4.5, 3.4), 44: (3.9, 4.0),
    43: (2.8, 4.1), 42: (1.8, 3.2), 46: (3.9, 2.9), 47: (2.7, 2.9), 35: (1.3, -1.1),
    34: (0.6, -1.15), 54: (2.5, -3.5), 53: (1.7, -2.8), 52: (0.7, -2.4), 55: (1.8, -4.1),
    56: (1.0, -4.3), 64: (2.2, -3.49), 63: (1.0, -3.3), 65: (1.1, -3.38),
}  # fmt: skip
_LEFT = {
    16: 0, 15: 1, 14: 2, 13: 3, 12: 4, 11: 5, 10: 6, 9: 7, 26: 17, 25: 18, 24: 19, 23: 20, 22: 21,
    45: 36, 44: 37, 43: 38, 42: 39, 46: 41, 47: 40, 35: 31, 34: 32, 54: 48, 53: 49, 52: 50, 55: 59,
    56: 58, 64: 60, 63: 61, 65: 67,
}  # fmt: skip
_MIDDLE = {
    8: -7.6, 27: 3.7, 28: 2.6, 29: 1.6, 30: 0.4, 33: -1.2, 51: -2.5, 62: -3.32, 66: -3.4, 57: -4.4
}  # fmt: skip
#: Half width, half depth and middle of the head and bust, by height in cm.
_HEIGHT = np.array([-19, -16, -13, -10, -8, -4, 2, 7, 11, 13.5, 14.5])
_WIDTH = np.array([12.4, 12, 8, 5.6, 5.8, 6.9, 7.6, 7.6, 6.0, 3.2, 0.3])
_DEPTH = np.array([8, 7, 6, 5.4, 7.2, 8.9, 9.6, 9.4, 7.2, 4.0, 0.3])
_CENTRE = np.array([-2, -2, -2, -1, 2.4, 2.2, 1.4, 0.4, 0.2, 0.2, 0.2])
_EYES = np.array([(3.1, 3.6, 8.0), (-3.1, 3.6, 8.0)])
#: Shapes that come left and right, with the point that they move and the push in cm.
_SIDED = {
    "browDown": ((2.6, 6.0, 10), (0, -0.8, 0)), "browInnerUp": ((1.2, 6.0, 10), (0, 0.8, 0)),
    "browOuterUp": ((4.9, 6.0, 9), (0, 0.8, 0)), "cheekRaiser": ((4, 1, 9), (0, 0.3, 0)),
    "cheekSquint": ((4, 1.5, 9), (0, 0.3, 0)), "eyeBlink": ((3.1, 4.05, 9.5), (0, -0.9, 0)),
    "eyeSquint": ((3.1, 2.9, 9.5), (0, 0.3, 0)), "eyeWide": ((3.1, 4.05, 9.5), (0, 0.4, 0)),
    "mouthDimple": ((2.5, -3.5, 10), (0.2, 0, 0)), "mouthFrown": ((2.5, -3.5, 10), (0, -0.5, 0)),
    "mouthLowerDown": ((0.8, -3.9, 11), (0, -0.5, 0)),
    "mouthPress": ((1.2, -3.3, 11), (0, 0, -0.2)), "mouthSmile": ((2.5, -3.5, 10), (0.5, 0.7, 0)),
    "mouthStretch": ((2.5, -3.5, 10), (0.8, -0.2, 0)),
    "mouthUpperUp": ((0.8, -2.7, 11), (0, 0.5, 0)), "noseSneer": ((1.3, -1, 11), (0, 0.5, 0)),
}  # fmt: skip
_WHOLE = {
    "jawOpen": ((0, -6, 9), (0, -2.0, 0)), "mouthFunnel": ((0, -3.4, 11), (0, 0, 0.5)),
    "mouthPucker": ((0, -3.4, 11), (0, 0, 0.4)), "mouthLeft": ((0, -3.4, 11), (-0.8, 0, 0)),
    "mouthRight": ((0, -3.4, 11), (0.8, 0, 0)), "mouthShrugLower": ((0, -4.6, 11), (0, 0.4, 0.1)),
    "mouthShrugUpper": ((0, -2.4, 11), (0, 0.3, 0)),
    "mouthRollUpper": ((0, -2.7, 11), (0, 0, -0.2)),
    "mouthRollLower": ((0, -4.0, 11), (0, 0, -0.2)),
}  # fmt: skip


def write_synthetic_head(path: Path) -> Path:
    """Write the npz of a head of about 900 vertices."""
    skin, skin_triangles, landmarks = _make_skin()
    parts = [("M_Face", skin, skin_triangles)]
    for name, centre in zip(("M_ScleraLeft", "M_ScleraRight"), _EYES, strict=True):
        parts.append((name, *_make_ball(centre, 1.55)))
    parts.append(("M_Teeth", *_make_ball(np.array([0, -3.0, 8.6]), 1.2)))
    parts.append(("M_GumsTongue", *_make_ball(np.array([0, -3.4, 7.4]), 1.6)))
    lashes, lash_triangles, lash_uv = _make_lashes()
    parts.append(("M_EyeLashes", lashes, lash_triangles))
    starts = np.cumsum([0, *[len(points) for _, points, _ in parts]])
    points = np.concatenate([points for _, points, _ in parts]).astype(np.float32)
    triangles = np.concatenate([t + s for (_, _, t), s in zip(parts, starts, strict=False)])
    uv = np.zeros((len(points), 2), np.float32)
    uv[starts[-2] :] = lash_uv
    expressions = _make_expressions(points)
    modes = [_bump(points, (0, 2 - 0.4 * k, 6), (0.02 * k, 0.3, 0.1), 6.0) for k in range(30)]
    np.savez(
        path,
        neutral=points,
        tri=triangles.astype(np.int32),
        tri_uv=triangles.astype(np.int32),
        uv=uv,
        tri_material=np.repeat(np.arange(len(parts)), [len(t) for _, _, t in parts]).astype("i1"),
        materials=np.array([name for name, _, _ in parts]),
        identity=np.array(modes, np.float16),
        expression=np.array(list(expressions.values()), np.float16),
        expression_names=np.array(list(expressions)),
        landmarks=landmarks,
    )
    return path


def _find_surface(azimuth: np.ndarray, height: np.ndarray) -> np.ndarray:
    width, depth, middle = (np.interp(height, _HEIGHT, v) for v in (_WIDTH, _DEPTH, _CENTRE))
    nose = 2.2 * np.exp(-((azimuth / 0.12) ** 2) - ((height - 0.6) / 1.6) ** 2)
    radius = depth + nose * (np.cos(azimuth) > 0)
    return np.stack([width * np.sin(azimuth), height, radius * np.cos(azimuth) + middle], -1)


def _make_skin() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices [vertex, 3], triangles [triangle, 3], landmarks [68] vertex numbers."""
    marks = np.zeros((68, 2))
    for number, (x, y) in _RIGHT.items():
        marks[number], marks[_LEFT[number]] = (x, y), (-x, y)
    for number, y in _MIDDLE.items():
        marks[number] = (0, y)
    width = np.interp(marks[:, 1], _HEIGHT, _WIDTH)
    around = np.arcsin(np.clip(marks[:, 0] / width, -0.97, 0.97))
    a, h = np.meshgrid(np.linspace(-np.pi, np.pi, 29), np.linspace(-19, 14.5, 20), indexing="ij")
    azimuth = np.concatenate([around, a.ravel()])
    height = np.concatenate([marks[:, 1], h.ravel()])
    triangles = Delaunay(np.stack([azimuth * 6, height], 1)).simplices
    flat = np.stack([azimuth * 6, height], 1)[triangles]
    first, second = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    clockwise = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0
    triangles[clockwise] = triangles[clockwise, ::-1]
    return _find_surface(azimuth, height), triangles, np.arange(68)


def _make_ball(centre: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    polar, around = np.linspace(0, np.pi, 8), np.linspace(0, 2 * np.pi, 12, endpoint=False)
    p, a = np.meshgrid(polar, around, indexing="ij")
    ball = np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], -1).reshape(-1, 3)
    number = np.arange(96).reshape(8, 12)
    here, right = number[:-1], np.roll(number, -1, 1)[:-1]
    below, below_right = number[1:], np.roll(number, -1, 1)[1:]
    triangles = [np.stack(t, -1).reshape(-1, 3) for t in
                 ((here, below, below_right), (here, below_right, right))]  # fmt: skip
    return centre + radius * ball, np.concatenate(triangles)


def _make_lashes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One ribbon per eye: vertices, triangles, uv as on the real head."""
    points, triangles, uv = [], [], []
    number = np.arange(RIBBON_ROWS * RIBBON_COLUMNS).reshape(RIBBON_ROWS, RIBBON_COLUMNS)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    faces = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    row, out = np.meshgrid(
        np.linspace(0, 1, RIBBON_ROWS), np.linspace(0, 1, RIBBON_COLUMNS), indexing="ij"
    )
    for eye, side in enumerate((1, -1)):
        x = 1.8 + 2.7 * out
        y = 3.3 + 0.8 * np.sin(np.pi * out) + 0.3 * row
        points.append(np.stack([side * x, y, 9.6 + 0.5 * row - 0.9 * out**2], -1).reshape(-1, 3))
        triangles.append(faces + eye * number.size)
        u = 6.75 + 0.2 * out if side > 0 else 6.25 - 0.2 * out
        uv.append(np.stack([u, 0.64 - 0.10 * row], -1).reshape(-1, 2))
    return np.concatenate(points), np.concatenate(triangles), np.concatenate(uv)


def _make_expressions(points: np.ndarray) -> dict[str, np.ndarray]:
    shapes = {name: _bump(points, at, push, 2.4) for name, (at, push) in _WHOLE.items()}
    for name, (at, push) in _SIDED.items():
        for letter, side in (("L", 1), ("R", -1)):
            mirrored = (side * at[0], *at[1:]), (side * push[0], *push[1:])
            shapes[f"{name}_{letter}"] = _bump(points, *mirrored, 1.2)
    return shapes


def _bump(
    points: np.ndarray, at: tuple[float, ...], push: tuple[float, ...], reach: float
) -> np.ndarray:
    away = (points - np.array(at))[:, :2]
    front = 1 / (1 + np.exp(-points[:, 2]))
    share = np.exp(-(away**2).sum(1) / reach**2) * front
    return share[:, None] * np.array(push)
