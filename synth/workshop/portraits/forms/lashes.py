"""Upper lashes as one dark shape per eye along the head model's own lash ribbons."""

from __future__ import annotations

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, join_grid
from synth.workshop.portraits.parts import LASHES as LASH_PART
from synth.workshop.portraits.shape.head_model import LASHES, HeadModel

RIBBON_ROWS, RIBBON_COLUMNS = 6, 19
#: Across the shape from below the lid's edge to the tips, as shares of its length.
_ACROSS = np.array([0.0, 0.0, 0.5, 1.0])
_BELOW_EDGE_CM, _BEFORE_LID_CM = 0.05, 0.12


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


def make_lashes(
    ribbons: np.ndarray, face: FaceParameters, model: HeadModel, head: np.ndarray
) -> Form:
    """Lashes on a head [vertex, 3], to be seen from both sides."""
    out = np.linspace(0, 1, RIBBON_COLUMNS)
    length = (0.16 + 0.40 * face["lashes"]) * (0.35 + 0.65 * out**1.3)
    faces = join_grid(RIBBON_COLUMNS, len(_ACROSS), closed=False)
    faces = np.concatenate([faces, faces[:, ::-1]])
    eyes = list(zip(ribbons, (1, -1), strict=True))
    return Form.make(
        np.concatenate([_grow(head, ribbon, side, length) for ribbon, side in eyes]),
        np.concatenate([_grow(model.vertices, ribbon, side, length) for ribbon, side in eyes]),
        np.concatenate([faces, faces + RIBBON_COLUMNS * len(_ACROSS)]),
        LASH_PART,
    )


def _grow(points: np.ndarray, ribbon: np.ndarray, side: int, length: np.ndarray) -> np.ndarray:
    """Lashes of one eye [column, 4, 3] on a head [vertex, 3]; they flick up at the outer corner."""
    out = np.linspace(0, 1, RIBBON_COLUMNS)
    root = 0.4 * points[ribbon[0]] + 0.6 * points[ribbon[1]]
    along = points[ribbon[-1]] - root
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    flick = np.stack([0.75 * side * out**1.5, 0.45 + 0 * out, 0.3 + 0 * out], 1)
    direction = 0.7 * along + flick
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    step = _ACROSS * length[:, None]
    step[:, 0] = -_BELOW_EDGE_CM
    lashes = root[:, None] + direction[:, None] * step[..., None]
    lashes[..., 2] += _BEFORE_LID_CM
    return lashes
