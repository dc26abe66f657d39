"""Eyelashes along the head model's own lash ribbons, which blink with the lids.

Each ribbon is a grid of columns along the lid and rows from the lid's edge outwards; three lie
over each other per lid. A lash runs down a place between two columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.facial_hair.strands import NUM_POINTS, STEPS, Strands, blend_ramp
from synth.workshop.portraits.shape.head_model import LASHES, HeadModel

NUM_COLUMNS = 19
UPPER_LASHES, LOWER_LASHES = 34, 14
#: Share of a ribbon inside the lid.
_HIDDEN = 0.13


@dataclass(frozen=True)
class LashRoots:
    """corners [lash, point, 2] vertex numbers and shares [lash] between them; out [lash] from the
    inner (0) to the outer (1) corner; upper [lash] 1 or 0; length and sway [lash];
    edges [lid, row, column] vertex numbers of the two rows at the edge of the upper lids.
    """

    corners: np.ndarray
    shares: np.ndarray
    out: np.ndarray
    upper: np.ndarray
    length: np.ndarray
    sway: np.ndarray
    edges: np.ndarray


def plant_lashes(model: HeadModel, seed: int = 5) -> LashRoots:
    """Fixed roots on the ribbons of `model`."""
    rng = np.random.default_rng(seed)
    corners, shares, out, upper, edges = [], [], [], [], []
    for ribbon in _find_ribbons(model):
        is_upper = model.vertices[ribbon[0, 9], 1] > 3.6
        count = UPPER_LASHES if is_upper else LOWER_LASHES
        # Denser towards the outer corner.
        place = 1 - (1 - (np.arange(count) + rng.random(count)) / count) ** 1.25
        column = place * (NUM_COLUMNS - 1.001)
        low = column.astype(int)
        corners.append(np.stack([ribbon[:, low].T, ribbon[:, low + 1].T], -1))
        shares.append(column - low)
        out.append(place)
        upper.append(np.full(count, float(is_upper)))
        if is_upper:
            edges.append(ribbon[:2])
    lengths = 0.75 + 0.35 * rng.random(sum(map(len, out)))
    sway = rng.normal(0, 0.05, len(lengths))
    return LashRoots(
        corners=np.concatenate(corners),
        shares=np.concatenate(shares),
        out=np.concatenate(out),
        upper=np.concatenate(upper),
        length=lengths,
        sway=sway,
        edges=np.stack(edges),
    )


def _find_ribbons(model: HeadModel) -> list[np.ndarray]:
    """Vertex numbers [row from the lid outwards, column from the nose outwards] of each ribbon."""
    lashes = np.unique(model.triangles[model.materials == LASHES])
    u, v = model.lash_uv[lashes].T
    # Six ribbons per eye are stacked in v; the eyes lie apart in u.
    ribbon = np.floor(v * 6).astype(int) + 6 * (u > 6.5)
    grids = []
    for number in np.unique(ribbon):
        own = lashes[ribbon == number]
        side = np.sign(model.vertices[own, 0].mean())
        rows = np.argsort(-model.lash_uv[own, 1], kind="stable").reshape(NUM_POINTS, NUM_COLUMNS)
        across = np.argsort(model.lash_uv[own[rows], 0] * side, axis=1)
        grids.append(np.take_along_axis(own[rows], across, 1))
    return grids


def grow_lashes(
    roots: LashRoots, face: FaceParameters, vertices: np.ndarray, up: np.ndarray
) -> Strands:
    """Lashes over the posed head's vertices [vertex, 3]; up [3] of the head."""
    feminine = blend_ramp(-1.0, 1.0, face["femininity"])
    made_up = feminine * face["eye_shadow"]
    share = roots.shares[:, None, None]
    ribbon = vertices[roots.corners[..., 0]] * (1 - share) + vertices[roots.corners[..., 1]] * share
    reach = np.where(
        roots.upper > 0, 0.62 + 0.30 * feminine + 0.12 * made_up, 0.34 + 0.12 * feminine
    )
    reach = reach * roots.length * (0.62 + 0.38 * blend_ramp(0.0, 0.7, roots.out))
    points = _cut(ribbon, reach)
    curl = np.where(roots.upper > 0, 0.20 + 0.30 * feminine + 0.15 * made_up, -0.02)
    curl = (curl * reach)[:, None] * STEPS**2
    points = points + curl[..., None] * up
    aside = points[:, -1:] - points[:, :1]
    points += np.cross(aside, up) * (roots.sway[:, None] * STEPS)[..., None]
    normals = points[:, -1] - points[:, 0]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    strength = np.where(
        roots.upper > 0, 0.62 + 0.33 * feminine, 0.30 + 0.15 * feminine + 0.2 * made_up
    )
    opacity = strength[:, None] * (1 - 0.45 * STEPS**2)
    width = np.where(roots.upper > 0, 0.034 + 0.012 * feminine + 0.008 * made_up, 0.022)
    widths = width[:, None] * (1 - 0.8 * STEPS)
    colours = np.full((len(points), 3), 0.012) * (1.5, 1.1, 1.0)
    return Strands(points, normals, colours, widths, opacity)


def _cut(ribbon: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """The first `reach` [lash] (0 to 1) of paths [lash, point, 3], again in as many points.

    The very beginning is left out: it lies inside the lid.
    """
    reach = reach.clip(0, 1)[:, None]
    place = (_HIDDEN + (reach - _HIDDEN) * STEPS) * (NUM_POINTS - 1.001)
    low = place.astype(int)
    share = (place - low)[..., None]
    lash = np.arange(len(ribbon))[:, None]
    return np.asarray(ribbon[lash, low] * (1 - share) + ribbon[lash, low + 1] * share)


def line_lids(roots: LashRoots, face: FaceParameters, vertices: np.ndarray) -> Strands:
    """A dark line where the upper lashes are rooted, short overlapping strokes along the lid."""
    feminine = blend_ramp(-1.0, 1.0, face["femininity"])
    edge = 0.4 * vertices[roots.edges[:, 0]] + 0.6 * vertices[roots.edges[:, 1]]
    starts = np.arange(0, NUM_COLUMNS - NUM_POINTS + 1, 3)
    starts = np.append(starts, NUM_COLUMNS - NUM_POINTS)
    strokes = edge[:, starts[:, None] + np.arange(NUM_POINTS)].reshape(-1, NUM_POINTS, 3)
    out = (starts[:, None] + np.arange(NUM_POINTS)) / (NUM_COLUMNS - 1)
    out = np.tile(out, (len(edge), 1))
    strength = 0.30 + 0.12 * feminine + 0.28 * feminine * face["eye_shadow"]
    opacity = strength * (0.35 + 0.65 * blend_ramp(0.0, 0.5, out))
    width = (0.05 + 0.05 * feminine * face["eye_shadow"]) * (0.6 + 0.6 * out)
    normals = np.tile(np.array([0.0, 0.0, 1.0]), (len(strokes), 1))
    colours = np.full((len(strokes), 3), 0.014)
    return Strands(strokes, normals, colours, width, opacity)
