"""Beards and moustaches: the skin of the lower face lifted into a form with a few locks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.workshop.portraits.forms.form import Form, ramp, rise
from synth.workshop.portraits.parameters import FaceParameters
from synth.workshop.portraits.parts import BEARD
from synth.workshop.portraits.rasterise import find_vertex_normals
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel


@dataclass(frozen=True)
class BeardGround:
    """Skin that a beard may grow on: parents [vertex, 2] numbers of head vertices whose mean each
    vertex is; triangles; points [vertex, 3] and normals [vertex, 3] on the neutral head; marks
    places of the mouth and nose.
    """

    parents: np.ndarray
    triangles: np.ndarray
    points: np.ndarray
    normals: np.ndarray
    corner: np.ndarray
    nose_y: float
    upper_y: float
    lower_y: float
    chin_y: float


def make_beard_ground(model: HeadModel) -> BeardGround:
    """The lower face's skin outside the lips, each triangle cut in four."""
    mark = model.vertices[model.landmarks]
    corner, nose_y = mark[54], float(mark[33, 1])
    upper_y, lower_y = float(mark[51, 1]), float(mark[57, 1])
    skin = model.triangles[model.materials == SKIN]
    x, y, z = np.moveaxis(model.vertices[skin].mean(1), -1, 0)
    lips = ((np.abs(x) / (corner[0] + 0.02)) ** 2 + ((y - corner[1]) / (0.46 * (upper_y - lower_y))) ** 2) < 1
    inner = (np.abs(x) < corner[0] + 0.8) & (z < mark[51, 2] - 1.1 - 0.24 * x * x)
    inner &= y > lower_y - 0.8
    nostril = (y > nose_y - 0.05) & (np.abs(x) < 1.9)
    keep = (y < np.maximum(0.8, 0.9 * np.abs(x) - 3.2)) & (y > -13) & (z > 0.2) & ~lips & ~inner & ~nostril
    keep &= np.abs(x) < 7.45
    triangles = skin[keep]
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), 1)
    pairs, inverse = np.unique(edges, axis=0, return_inverse=True)
    used, corners = np.unique(triangles, return_inverse=True)
    corners = corners.reshape(-1, 3)
    middle = inverse.reshape(3, -1).T + len(used)
    a, b, c = corners.T
    ab, bc, ca = middle.T
    cut = np.concatenate(
        [np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )
    parents = np.concatenate([np.stack([used, used], 1), pairs])
    points = model.vertices[parents].mean(1)
    normals = find_vertex_normals(points.astype(np.float32), cut.astype(np.int32))
    return BeardGround(
        parents, cut.astype(np.int32), points, normals, corner, nose_y, upper_y, lower_y,
        float(mark[8, 1]),
    )  # fmt: skip


def make_beard(ground: BeardGround, face: FaceParameters, head: np.ndarray) -> Form | None:
    """The beard of `face` on a head [vertex, 3]; None where nothing grows."""
    man = rise(-0.05, 0.15, -face["femininity"])
    amount = rise(0.15, 0.40, face["beard"]) * man
    lip = max(rise(0.15, 0.35, face["moustache"]), 0.9 * rise(0.3, 0.8, face["beard_cover"]) * rise(0.15, 0.40, face["beard"])) * man
    if amount + lip == 0:
        return None
    x, y, z = ground.points.T
    aside = np.abs(x)
    corner_x, corner_y = ground.corner[0], ground.corner[1]
    # How far inside each part's outline a point lies, cm.
    top = np.interp(aside, [0, 1.2, corner_x, corner_x + 1.2, 6.5, 8], [-4.9, -4.75, -3.6, -2.6, 1.2, 3.2])
    top = top + (ground.lower_y + 4.4)
    full = top - y - 0.35 + 0.7 * (face["beard_cover"] - 0.6)
    # It grows out from the chin.
    sides = (1.9 + 6.0 * rise(0.15, 0.7, face["beard_cover"])) * (0.3 + 0.7 * amount) - aside
    jaw = np.interp(z, [2, 4, 5.5, 7.5, 9, 10.5], [7.4, 5.1, 3.3, 1.5, 0.6, 0.0])
    neck = y - (ground.chin_y + jaw - 1.1)
    goatee = _round_off(full, sides, neck)
    reach = corner_x + 0.25 + 0.6 * face["beard_length"]
    share = np.minimum(aside / reach, 1.3)
    line = 0.52 * ground.upper_y + 0.48 * ground.nose_y - 0.10 - 0.95 * share**2
    half = 0.46 * np.sqrt(np.clip(1 - share**2, 0, 1)) * (1 - 0.3 * np.exp(-((aside / 0.3) ** 2)))
    over = np.minimum(half - np.abs(y - line), 0.8 * (reach - aside))
    u = 2.3 * np.arctan2(x, np.maximum(z - 4, 1.0)) * 2.6 + 0.10 * y * np.sign(x)
    lobes = np.sqrt(np.abs(np.sin(np.pi * u)) + 0.02)
    thick = (0.25 + 0.75 * face["beard_length"]) * amount
    low = ramp(corner_y, ground.chin_y - 0.5, y)
    thick_beard = thick * (0.55 + 0.75 * low) * (0.86 + 0.14 * lobes)
    beard = _lift(goatee - 1.8 * (1 - amount), thick_beard)
    tash = _lift(over - 0.75 * (1 - lip), (0.30 + 0.30 * face["beard_length"]) * lip * (0.9 + 0.1 * lobes))
    depth = np.maximum(beard, tash)
    hang = 3.2 * face["beard_length"] ** 2 * amount * low * np.exp(-((aside / 3.4) ** 2)) * (0.75 + 0.3 * lobes)
    hang = hang * np.clip(beard / 0.3, 0, 1) * ramp(3.0, 8.0, z)
    offset = ground.normals * depth[:, None]
    offset[:, 1] -= hang
    vertices = head[ground.parents].mean(1) + offset
    aux = np.stack([u, np.full_like(u, 0.8), 0 * u, 0 * u], 1)
    return Form(
        vertices.astype(np.float32), (ground.points + offset).astype(np.float32), ground.triangles,
        BEARD, aux.astype(np.float32),
    )  # fmt: skip


def _round_off(*insides: np.ndarray) -> np.ndarray:
    """The least of several distances, with rounded corners."""
    return -0.4 * np.log(sum(np.exp(-inside / 0.4) for inside in insides))


def _lift(inside: np.ndarray, thick: np.ndarray) -> np.ndarray:
    thick = np.maximum(thick, 0.02)
    return np.where(inside > 0, thick * np.tanh(1.3 * inside / thick), 1.3 * inside).clip(-0.4, None)
