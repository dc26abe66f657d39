"""Upper lashes as one dark shape per eye along the head model's own lash ribbons."""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits.forms.form import Form, join_grid
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.parts import LASHES as LASH_PART
from synth.workshop.portraits.shape.head_model import LASHES, HeadModel

RIBBON_ROWS, RIBBON_COLUMNS = 6, 19


def find_lash_ribbons(model: HeadModel) -> np.ndarray:
    """Vertex numbers [eye, row from the lid outwards, column from the nose outwards]: of each eye,
    the upper ribbon that lies on top; right eye of the viewer first."""
    lashes = np.unique(model.triangles[model.materials == LASHES])
    u, v = model.lash_uv[lashes].T
    # Six ribbons per eye are stacked in v; the eyes lie apart in u.
    ribbon = np.floor(v * 6).astype(int) + 6 * (u > 6.5)
    found: dict[int, np.ndarray] = {}
    for number in np.unique(ribbon):
        own = lashes[ribbon == number]
        side = int(np.sign(model.vertices[own, 0].mean()))
        rows = np.argsort(-model.lash_uv[own, 1], kind="stable")
        rows = rows.reshape(RIBBON_ROWS, RIBBON_COLUMNS)
        across = np.argsort(model.lash_uv[own[rows], 0] * side, axis=1)
        grid = np.take_along_axis(own[rows], across, 1)
        best = found.get(side)
        if best is None or model.vertices[grid[0], 1].mean() > model.vertices[best[0], 1].mean():
            found[side] = grid
    return np.stack([found[1], found[-1]])


def make_lashes(ribbons: np.ndarray, face: FaceParameters, model: HeadModel, head: np.ndarray) -> Form:
    """Lashes on a head [vertex, 3]."""
    out = np.linspace(0, 1, RIBBON_COLUMNS)
    length = (0.16 + 0.40 * face["lashes"]) * (0.35 + 0.65 * out**1.3)
    rows = np.array([-0.35, 0.0, 0.5, 1.0])
    vertices, canonical, triangles = [], [], []
    for eye, side in enumerate((1, -1)):
        for target, points in ((vertices, head), (canonical, model.vertices)):
            root = 0.4 * points[ribbons[eye, 0]] + 0.6 * points[ribbons[eye, 1]]
            along = points[ribbons[eye, -1]] - root
            along /= np.linalg.norm(along, axis=1, keepdims=True)
            flick = np.stack([0.75 * side * out**1.5, 0.45 + 0 * out, 0.3 + 0 * out], 1)
            direction = 0.7 * along + flick
            direction /= np.linalg.norm(direction, axis=1, keepdims=True)
            step = rows[None, :, None] * length[:, None, None]
            point = root[:, None] + direction[:, None] * np.where(rows[None, :, None] < 0, -0.05, step)
            point[..., 2] += 0.12
            target.append(point.reshape(-1, 3))
        faces = join_grid(RIBBON_COLUMNS, len(rows), closed=False)
        triangles.append(faces + eye * RIBBON_COLUMNS * len(rows))
        triangles.append(faces[:, ::-1] + eye * RIBBON_COLUMNS * len(rows))
    points = np.concatenate(vertices).astype(np.float32)
    return Form(
        points, np.concatenate(canonical).astype(np.float32), np.concatenate(triangles), LASH_PART,
        np.zeros((len(points), 4), np.float32),
    )  # fmt: skip
