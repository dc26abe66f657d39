"""Places on the skin that follow identity and expression: where hair of the face is rooted.

A place is named by (x, y) in cm on the frontal plane of the neutral head, as paint is (`paint`),
and held as a triangle with barycentric weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synth.workshop.portraits.rasterise import draw_triangles, find_vertex_normals
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel
from synth.workshop.portraits.skin import paint

_TEXELS_PER_CM = 16


class SkinPlaces(NamedTuple):
    """corners [..., 3] vertex numbers, weights [..., 3] of them."""

    corners: np.ndarray
    weights: np.ndarray

    def find(self, attributes: np.ndarray) -> np.ndarray:
        """Attributes [vertex, k] -> at the places [..., k]."""
        return np.asarray((attributes[self.corners] * self.weights[..., None]).sum(-2))


class SkinFront:
    """The skin that faces the viewer of the neutral head, by (x, y)."""

    def __init__(self, model: HeadModel) -> None:
        self.vertices = model.vertices
        self._triangles = np.ascontiguousarray(model.triangles[model.materials == SKIN])
        self.normals = find_vertex_normals(model.vertices, self._triangles)
        shape = (int(paint.HEIGHT_CM * _TEXELS_PER_CM), int(paint.WIDTH_CM * _TEXELS_PER_CM))
        screen = model.vertices.copy()
        screen[:, 0] = (screen[:, 0] - paint.LEFT_CM) * _TEXELS_PER_CM
        screen[:, 1] = shape[0] - (screen[:, 1] - paint.BOTTOM_CM) * _TEXELS_PER_CM
        self._index = draw_triangles(screen, self._triangles, shape).index

    def find(self, points: np.ndarray) -> SkinPlaces:
        """Points [..., 2] in cm, all in front of skin -> their places."""
        height, width = self._index.shape
        column = (points[..., 0] - paint.LEFT_CM) * _TEXELS_PER_CM
        row = height - (points[..., 1] - paint.BOTTOM_CM) * _TEXELS_PER_CM
        column = np.clip(column, 0, width - 1).astype(int)
        row = np.clip(row, 0, height - 1).astype(int)
        corners = self._triangles[self._index[row, column]]
        a, b, c = (self.vertices[corners[..., k], :2] for k in range(3))
        # The texel's triangle may lie beside the point: its plane goes on there.
        whole = _cross(b - a, c - a)
        second, third = _cross(points - a, c - a) / whole, _cross(b - a, points - a) / whole
        weights = np.stack([1 - second - third, second, third], -1)
        return SkinPlaces(corners, np.clip(weights, -0.5, 1.5).astype(np.float32))

    def has_skin(self, points: np.ndarray) -> np.ndarray:
        """Whether points [n, 2] lie in front of skin: bool [n]."""
        column = ((points[:, 0] - paint.LEFT_CM) * _TEXELS_PER_CM).astype(int)
        row = self._index.shape[0] - 1
        row = row - ((points[:, 1] - paint.BOTTOM_CM) * _TEXELS_PER_CM).astype(int)
        return np.asarray(self._index[row, column] >= 0)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def find_frames(places: SkinPlaces, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Axes of the skin at places [n]: two edges of the triangle and the normal [n, 3, 3].

    A vector's share of each axis on the neutral head, laid along the axes of the posed head, has
    moved with the skin.
    """
    a, b, c = (vertices[places.corners[:, k]] for k in range(3))
    normal = places.find(normals)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.stack([b - a, c - a, normal], -1)
