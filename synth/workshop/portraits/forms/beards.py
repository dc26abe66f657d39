"""Beards and moustaches: the skin of the lower face lifted into a form with a few locks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import Form, make_lobes, ramp, rise
from synth.workshop.portraits.parts import BEARD
from synth.workshop.portraits.rasterise import find_vertex_normals
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel

#: Upper edge of a full beard, cm above the lower lip: in the middle, beside it, at the mouth's
#: corner, beside that, before and at the ear.
_EDGE_CM = np.array([-0.5, -0.35, 0.8, 1.8, 5.6, 7.6])
#: The jaw's lower edge: cm before the ears' line, and above the chin.
_JAW_Z_CM = np.array([2, 4, 5.5, 7.5, 9, 10.5])
_JAW_CM = np.array([7.4, 5.1, 3.3, 1.5, 0.6, 0.0])


@dataclass(frozen=True)
class Mouth:
    """Places of the neutral head in cm: the viewer's right corner x and y; heights of the nose's
    base, of the lips' upper and lower edge and of the chin; how far the upper lip comes forward."""

    corner_x: float
    corner_y: float
    nose_y: float
    upper_y: float
    lower_y: float
    chin_y: float
    lip_z: float


@dataclass(frozen=True)
class BeardGround:
    """Skin that a beard may grow on: parents [vertex, 2] numbers of head vertices whose mean each
    vertex is; triangles; points and normals [vertex, 3] on the neutral head.
    """

    parents: np.ndarray
    triangles: np.ndarray
    points: np.ndarray
    normals: np.ndarray
    mouth: Mouth


@dataclass(frozen=True)
class _Growth:
    """0 to 1 each: how much beard and moustache there is, how long and how wide it grows."""

    beard: float
    moustache: float
    length: float
    cover: float


def make_beard_ground(model: HeadModel) -> BeardGround:
    """The lower face's skin outside the lips, each triangle cut in four."""
    mark = model.vertices[model.landmarks]
    mouth = Mouth(
        *map(float, (*mark[54, :2], mark[33, 1], mark[51, 1], mark[57, 1], mark[8, 1], mark[51, 2]))
    )
    skin = model.triangles[model.materials == SKIN]
    kept = skin[_is_bearded(mouth, model.vertices[skin].mean(1))]
    parents, triangles = _cut_in_four(kept)
    points = model.vertices[parents].mean(1).astype(np.float32)
    return BeardGround(parents, triangles, points, find_vertex_normals(points, triangles), mouth)


def _is_bearded(mouth: Mouth, middles: np.ndarray) -> np.ndarray:
    """Which triangles with these middles [triangle, 3] a beard may grow on."""
    x, y, z = middles.T
    aside = np.abs(x)
    lip_height = 0.46 * (mouth.upper_y - mouth.lower_y)
    lips = (aside / (mouth.corner_x + 0.02)) ** 2 + ((y - mouth.corner_y) / lip_height) ** 2 < 1
    inside = (aside < mouth.corner_x + 0.8) & (z < mouth.lip_z - 1.1 - 0.24 * x * x)
    inside &= y > mouth.lower_y - 0.8
    nostrils = (y > mouth.nose_y - 0.05) & (aside < 1.9)
    low = (y < np.maximum(0.8, 0.9 * aside - 3.2)) & (y > -13)
    return low & (z > 0.2) & (aside < 7.45) & ~lips & ~inside & ~nostrils


def _cut_in_four(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles [triangle, 3] -> parents [vertex, 2] of the finer mesh, and its triangles."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs, inverse = np.unique(np.sort(edges, 1), axis=0, return_inverse=True)
    used, corners = np.unique(triangles, return_inverse=True)
    a, b, c = corners.reshape(-1, 3).T
    ab, bc, ca = inverse.reshape(3, -1) + len(used)
    cut = [np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    parents = np.concatenate([np.stack([used, used], 1), pairs])
    return parents, np.concatenate(cut).astype(np.int32)


def make_beard(ground: BeardGround, face: FaceParameters, head: np.ndarray) -> list[Form]:
    """The beard of `face` on a head [vertex, 3]; empty where nothing grows."""
    growth = _choose_growth(face)
    if growth.beard + growth.moustache == 0:
        return []
    x, y, z = ground.points.T
    u = 5.98 * np.arctan2(x, np.maximum(z - 4, 1.0)) + 0.10 * y * np.sign(x)
    lobes = make_lobes(u)
    low = ramp(ground.mouth.corner_y, ground.mouth.chin_y - 0.5, y)
    thick = (0.25 + 0.75 * growth.length) * growth.beard
    thick = thick * (0.55 + 0.75 * low) * (0.93 + 0.07 * lobes)
    beard = _lift(_find_beard(ground, growth) - 1.8 * (1 - growth.beard), thick)
    thick = (0.30 + 0.30 * growth.length) * growth.moustache * (0.9 + 0.1 * lobes)
    moustache = _lift(_find_moustache(ground, growth) - 0.75 * (1 - growth.moustache), thick)
    hang = 3.2 * growth.length**2 * growth.beard * low * np.exp(-((x / 3.4) ** 2))
    hang = hang * (0.85 + 0.17 * lobes) * np.clip(beard / 0.3, 0, 1) * ramp(3.0, 8.0, z)
    offset = ground.normals * np.maximum(beard, moustache)[:, None]
    offset[:, 1] -= hang
    aux = np.stack([u, np.full_like(u, 0.4), 0 * u, 0 * u], 1)
    vertices = head[ground.parents].mean(1) + offset
    return [Form.make(vertices, ground.points + offset, ground.triangles, BEARD, aux)]


def _choose_growth(face: FaceParameters) -> _Growth:
    """A wide beard comes with a moustache."""
    man = rise(-0.05, 0.15, -face["femininity"])
    beard = rise(0.12, 0.50, face["beard"])
    with_beard = 0.9 * rise(0.3, 0.8, face["beard_cover"]) * beard
    moustache = max(rise(0.15, 0.35, face["moustache"]), with_beard)
    return _Growth(beard * man, moustache * man, face["beard_length"], face["beard_cover"])


def _find_beard(ground: BeardGround, growth: _Growth) -> np.ndarray:
    """How far inside a beard's outline each vertex lies, cm."""
    x, y, z = ground.points.T
    mouth = ground.mouth
    beside = [0, 1.2, mouth.corner_x, mouth.corner_x + 1.2, 6.5, 8]
    edge = np.interp(np.abs(x), beside, _EDGE_CM) + mouth.lower_y
    below = edge - y - 0.35 + 0.7 * (growth.cover - 0.6)
    # It grows out from the chin.
    reach = (1.9 + 6.0 * rise(0.15, 0.7, growth.cover)) * (0.3 + 0.7 * growth.beard)
    above = y - (mouth.chin_y + np.interp(z, _JAW_Z_CM, _JAW_CM) - 1.1)
    insides = (below, reach - np.abs(x), above)
    # The least of the three, with rounded corners.
    return -0.4 * np.log(np.sum([np.exp(-inside / 0.4) for inside in insides], 0))


def _find_moustache(ground: BeardGround, growth: _Growth) -> np.ndarray:
    """How far inside a moustache's outline each vertex lies, cm."""
    x, y, _ = ground.points.T
    aside, mouth = np.abs(x), ground.mouth
    reach = mouth.corner_x + 0.25 + 0.6 * growth.length
    share = np.minimum(aside / reach, 1.3)
    line = 0.52 * mouth.upper_y + 0.48 * mouth.nose_y - 0.10 - 0.95 * share**2
    half = 0.46 * np.sqrt(np.clip(1 - share**2, 0, 1)) * (1 - 0.3 * np.exp(-((aside / 0.3) ** 2)))
    return np.minimum(half - np.abs(y - line), 0.8 * (reach - aside))


def _lift(inside: np.ndarray, thick: np.ndarray) -> np.ndarray:
    """Height over the skin in cm: up to `thick` inside, under the skin outside."""
    thick = np.maximum(thick, 0.02)
    height = np.where(inside > 0, thick * np.tanh(1.3 * inside / thick), 1.3 * inside)
    return height.clip(-0.4, None)
