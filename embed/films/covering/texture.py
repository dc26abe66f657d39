"""A face in its own coordinates: the same place of it at the same pixel, however the head turns.

In: a picture and the face's 68 points in it. Out: a texture [48, 48, 3] uint8 RGB of what lies
within the points, from chin to brows. The points are triangulated once, where they lie in the mean
shape; each pixel of the texture then keeps its place in its triangle (piecewise affine).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.spatial import Delaunay

from embed.faces.base import Points
from embed.faces.learned.frames import find_mean_shape

TEXTURE_PX = 48
#: Between the face and the texture's sides, in its widths.
MARGIN = 0.02
#: Standard deviation of the blur before colours are read, in pixels of the texture.
SOFTEN = 0.5

Texture = UInt8[np.ndarray, "48 48 3"]


@dataclass(frozen=True, eq=False)
class FaceLayout:
    """places [68, 2]: where in the texture points lie, its sides at 0 and 1."""

    places: Float[np.ndarray, "68 2"]

    @classmethod
    def fit(cls, points: Float[np.ndarray, "face 68 2"]) -> FaceLayout:
        """Points lie as in the mean of all faces, upright, as large as fits."""
        shape = find_mean_shape(points)
        away = shape - shape.min(0)
        size = float(away.max())
        middle = (size - away.max(0)) / 2
        return cls((away + middle) / size * (1 - 2 * MARGIN) + MARGIN)

    @property
    def inside(self) -> Bool[np.ndarray, "48 48"]:
        """Pixels of the face."""
        return self._found[0]

    def cut(self, picture: np.ndarray, points: Points) -> np.ndarray:
        """Colours or values at the face's places; outside the face they are 0.

        points: in the picture's pixels, the first one's middle at 0. Beyond the picture its edge is
        repeated.
        """
        inside, corners, shares = self._found
        where = np.einsum("nk,nkd->nd", shares, points[corners]).astype(np.float32)
        x, y = np.zeros((2, TEXTURE_PX, TEXTURE_PX), np.float32)
        x[inside], y[inside] = where.T
        size = np.sqrt(np.ptp(points, axis=0).prod() / np.ptp(self.places, axis=0).prod())
        blur = SOFTEN * float(size) / TEXTURE_PX
        soft = cv2.GaussianBlur(picture, (0, 0), max(blur, 0.1))
        border = cv2.BORDER_REPLICATE
        cut = cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=border)
        cut[~inside] = 0
        return cut

    @cached_property
    def _found(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixels inside; of each of them the triangle's corners and their shares."""
        mesh = Delaunay(self.places)
        line = (np.arange(TEXTURE_PX) + 0.5) / TEXTURE_PX
        grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
        triangle = mesh.find_simplex(grid)
        inside = triangle >= 0
        chosen = mesh.transform[triangle[inside]]
        shares = np.einsum("nij,nj->ni", chosen[:, :2], grid[inside] - chosen[:, 2])
        shares = np.concatenate([shares, 1 - shares.sum(1, keepdims=True)], 1)
        shape = (TEXTURE_PX, TEXTURE_PX)
        return inside.reshape(shape), mesh.simplices[triangle[inside]], shares
