"""A map of the head without ears, in which hair grows: azimuth x row, seamless from crown to neck.

Rows are polar angles from the crown down to the widest ring, then centimetres down the neck, so
that "outwards" is radial on top and level below and changes without a jump. Each cell knows how
far out the skin of the neutral head is; one face's offsets are averaged into the same cells.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.rings import smooth_rings
from synth.workshop.portraits.shape.head_model import HeadModel

NUM_AZIMUTHS, NUM_ROWS = 120, 76
#: Rows from crown to the ring at CENTRE, and cm per row below it.
TOP_ROWS, ROW_CM = 30, 0.5
CENTRE = (0.0, 4.0, 0.8)
#: The neck stands further back than the skull's centre: cm per cm of height.
NECK_LEAN = 0.15
EAR_BOX = ((7.3, -3.4, -4.5), (9.9, 6.6, 3.4))


class ScalpMap(NamedTuple):
    """radius [azimuth, row] cm from the axis to the skin; nearest [azimuth * row, 10] vertices;
    ears [n, 3] points of what sticks out."""

    radius: np.ndarray
    nearest: np.ndarray
    ears: np.ndarray


@compile_kernel
def find_place(x, y, z):
    """Point -> azimuth in cells, row, distance from the axis, outward unit direction (x, y, z)."""
    qx, qy, qz = x - CENTRE[0], y - CENTRE[1], z - CENTRE[2]
    if qy >= 0:
        far = math.sqrt(qx * qx + qy * qy + qz * qz) + 1e-6
        row = math.acos(min(1.0, qy / far)) * (TOP_ROWS / (0.5 * math.pi))
        out_y = qy / far
    else:
        qz -= NECK_LEAN * qy
        far = math.sqrt(qx * qx + qz * qz) + 1e-6
        row, out_y = TOP_ROWS - qy / ROW_CM, 0.0
    azimuth = (math.atan2(qx, qz) + math.pi) * (NUM_AZIMUTHS / (2 * math.pi))
    return azimuth, row, far, qx / far, out_y, qz / far


@compile_kernel
def read_map(values, azimuth, row):
    """Bilinear, wrapped in azimuth: values [azimuth, row] at a place."""
    row = min(max(row, 0.0), values.shape[1] - 1.001)
    low, below = int(azimuth) % values.shape[0], int(row)
    across, down = azimuth - math.floor(azimuth), row - below
    high = (low + 1) % values.shape[0]
    upper = values[low, below] * (1 - across) + values[high, below] * across
    lower = values[low, below + 1] * (1 - across) + values[high, below + 1] * across
    return upper * (1 - down) + lower * down


def make_points(radius: np.ndarray, azimuth_rad: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Distance, azimuth and row [n] -> points [n, 3]; the inverse of `find_place`."""
    polar = np.minimum(row / TOP_ROWS, 1) * (np.pi / 2)
    below = np.maximum(row - TOP_ROWS, 0) * ROW_CM
    level = radius * np.sin(polar)
    x = level * np.sin(azimuth_rad)
    y = radius * np.cos(polar) - below
    z = level * np.cos(azimuth_rad) - NECK_LEAN * below
    return np.stack([x, y, z], -1) + np.array(CENTRE)


def make_scalp_map(model: HeadModel) -> ScalpMap:
    """Fit the map to the neutral head of `model`."""
    azimuth = np.linspace(-np.pi, np.pi, NUM_AZIMUTHS, endpoint=False)
    azimuth, row = np.meshgrid(azimuth, np.arange(NUM_ROWS), indexing="ij")
    azimuth, row = azimuth.ravel(), row.ravel().astype(np.float64)
    skin = model.vertices[model.skull].astype(np.float64)
    sideways = np.abs(skin) * (1, 0, 0) + skin * (0, 1, 1)
    is_ear = ((sideways > EAR_BOX[0]) & (sideways < EAR_BOX[1])).all(1)
    places = np.array([find_place(*point) for point in skin])
    # Inner skin (lids, nostrils, lips) lies far inside.
    usable = ~is_ear & (places[:, 2] > 4)
    radius = places[usable, 2]
    tree = KDTree(make_points(np.full(usable.sum(), 9.0), *_angles(places[usable])))
    gap, found = tree.query(make_points(np.full(len(row), 9.0), azimuth, row), k=8)
    weight = 1 / (gap + 0.15) ** 2
    grid = (radius[found] * weight).sum(1) / weight.sum(1)
    grid = smooth_rings(grid.reshape(NUM_AZIMUTHS, NUM_ROWS), (1.2, 1.2))
    points = make_points(grid.ravel(), azimuth, row)
    kept = model.skull[usable]
    _, nearest = KDTree(skin[usable]).query(points, k=10)
    stands_out = is_ear & (np.abs(skin[:, 0]) > 7.9)
    return ScalpMap(grid.astype(np.float32), kept[nearest], skin[stands_out])


def _angles(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return places[:, 0] * (2 * np.pi / NUM_AZIMUTHS) - np.pi, places[:, 1]


def make_offset_map(scalp: ScalpMap, skin_offset: np.ndarray) -> np.ndarray:
    """Offsets of the head's vertices [vertex, 3] -> [azimuth, row, 3], smooth."""
    grid = skin_offset[scalp.nearest].mean(1).reshape(NUM_AZIMUTHS, NUM_ROWS, 3)
    smooth = smooth_rings(grid, (2.0, 2.0))
    return smooth.astype(np.float32)
