"""What is below the head: how the neck bends, shoulders, and clothes of several cuts.

The body is a star-shaped surface: its distance from a point within the chest, by azimuth (0 in
front, growing to the viewer's right) and angle from the vertical. Near the neck it is the head
model's own bust, further out a few points of a plausible chest and shoulders, all joined by a
thin-plate spline. Clothes lie on that surface: rows of vertices at a height above the neckline and
at a distance from the skin, so that no gap can open between neck and collar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.forms.form import ramp
from synth.workshop.portraits.rings import smooth_rings
from synth.workshop.portraits.shape.head_model import SKIN, HeadModel

CENTRE = np.array([0.0, -20.0, -1.0], np.float32)
#: How high a band stands on the neck.
RIBBED_STAND_CM = 1.2
NUM_AZIMUTHS, NUM_ANGLES, NUM_DRAPE_ROWS = 144, 112, 34
LEAST_DEG, GREATEST_DEG = 12.0, 125.0
#: Chest, shoulders and back beyond the bust of the head model, in cm, the viewer's right half.
FAR_POINTS = np.array(
    [
        (15.4, -15.6, -2.0), (17.6, -17.4, -2.0), (18.8, -20.5, -2.0), (19.2, -27.0, -2.0),
        (14.6, -17.2, 2.0), (15.4, -20.0, 3.6), (15.8, -25.0, 4.2),
        (13.6, -16.0, -6.4), (15.0, -19.0, -8.2), (15.6, -25.0, -8.2),
        (0.0, -22.0, 7.2), (0.0, -27.0, 8.4), (5.5, -23.0, 8.2), (10.0, -22.0, 7.2),
        (11.0, -26.0, 8.0), (0.0, -18.5, -10.6), (7.0, -18.0, -11.2), (0.0, -26.0, -11.2),
        (9.0, -25.0, -11.4),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class BodyGrid:
    """The unclothed body of one head model: fixed for all faces.

    azimuth [azimuth] and angle [angle] in radians; surface [azimuth, angle, 3] cm; roots
    [azimuth * angle, 6] skin vertices whose identity offset the surface follows; triangles of the
    clothes [triangle, 3]; head_share [vertex] of the head model (see `find_head_share`).
    """

    azimuth: np.ndarray
    angle: np.ndarray
    surface: np.ndarray
    roots: np.ndarray
    triangles: np.ndarray
    head_share: np.ndarray


@dataclass(frozen=True)
class Cut:
    """How clothes are cut, from 0 to 1 each: a V neck, a ribbed band that stands up."""

    v_neck: float
    ribbed: float


def choose_cut(face: FaceParameters) -> Cut:
    """Round neck, V neck, sweater with a ribbed band: one ramps into the next."""
    style = face["cloth_style"]
    to_v, to_band = float(ramp(0.26, 0.38, style)), float(ramp(0.50, 0.58, style))
    return Cut(to_v * (1 - to_band), to_band)


def find_head_share(points: np.ndarray) -> np.ndarray:
    """Points [n, 3] of the neutral head -> how far they turn with the head: 0 body, 1 head."""
    return ramp(-12.5, -3.5, points[:, 1] + 0.55 * np.clip(points[:, 2], -4, 12))


def make_body_grid(model: HeadModel) -> BodyGrid:
    """Fit the body's surface to the bust of `model`."""
    skin = np.unique(model.triangles[model.materials == SKIN])
    points = model.vertices[skin]
    low = (points[:, 1] < -7) & (points[:, 1] + 0.55 * points[:, 2] < -5.5)
    bust = skin[low]
    azimuth = np.linspace(-np.pi, np.pi, NUM_AZIMUTHS, endpoint=False)
    angle = np.radians(np.linspace(LEAST_DEG, GREATEST_DEG, NUM_ANGLES))
    around, down = np.meshgrid(azimuth, angle, indexing="ij")
    direction = np.stack(
        [np.sin(down) * np.sin(around), np.cos(down), np.sin(down) * np.cos(around)], -1
    ).reshape(-1, 3)
    far = np.concatenate([FAR_POINTS, FAR_POINTS * (-1, 1, 1)])
    known = np.concatenate([model.vertices[bust], np.unique(far, axis=0)]) - CENTRE
    distance = np.linalg.norm(known, axis=1)
    known /= distance[:, None]
    _, first = np.unique(np.round(known, 3), axis=0, return_index=True)
    spline = RBFInterpolator(known[first], distance[first], neighbors=60, smoothing=1e-4)
    surface = CENTRE + direction * spline(direction)[:, None]
    _, nearest = KDTree(model.vertices[bust]).query(surface, k=6)
    return BodyGrid(
        azimuth.astype(np.float32),
        angle.astype(np.float32),
        surface.reshape(NUM_AZIMUTHS, NUM_ANGLES, 3).astype(np.float32),
        bust[nearest],
        _join_rows(NUM_AZIMUTHS, len(_TRIM_ROWS) + NUM_DRAPE_ROWS),
        find_head_share(model.vertices),
    )


def _join_rows(columns: int, rows: int) -> np.ndarray:
    here = np.arange(columns)[:, None] * rows + np.arange(rows - 1)
    there = np.roll(here, -1, axis=0)
    first = np.stack([here, there + 1, there], -1).reshape(-1, 3)
    second = np.stack([here, here + 1, there + 1], -1).reshape(-1, 3)
    return np.concatenate([first, second]).astype(np.int32)


def shape_shoulders(points: np.ndarray, femininity: float) -> np.ndarray:
    """Points [n, 3] of bust or clothes -> narrower and lower with femininity, and the reverse."""
    aside = np.abs(points[:, 0])
    below = 1 - ramp(-10.0, -6.5, points[:, 1])
    out = points.copy()
    out[:, 0] *= 1 - 0.035 * femininity * below * ramp(3.0, 13.0, aside)
    slope = 0.32 * ramp(4.5, 8.5, aside) + 0.35 * ramp(9.0, 18.0, aside)
    out[:, 1] -= femininity * below * slope
    return out


#: Rows of the trim from its inner edge to where the drape begins: (share of the stand's height,
#: share of the cloth's thickness) of each.
_TRIM_ROWS = np.array(
    [
        (-0.3, -3.0), (0.2, 0.0), (0.6, 0.2), (0.9, 0.3), (1.0, 0.5), (1.06, 1.0), (1.06, 1.7),
        (1.0, 2.2), (1.0, 2.7), (1.0, 1.5), (0.3, 1.2), (0.0, 1.2),
    ]
)  # fmt: skip


def dress(
    grid: BodyGrid, face: FaceParameters, skin_offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Clothes of `face` on a body whose skin is moved by skin_offset [vertex, 3].

    -> vertices [azimuth * row, 3] cm, and their place in the cloth [azimuth * row, 3]: cm round
    the neck, cm below the neckline, 0 drape to 1 trim.
    """
    cut = choose_cut(face)
    shape = grid.surface.shape
    # The nearest vertices change in steps: cloth is smooth.
    offset = skin_offset[grid.roots].mean(1).reshape(shape)
    offset = smooth_rings(offset, (2.5, 3.0))
    surface = grid.surface + offset
    surface = shape_shoulders(surface.reshape(-1, 3), face["femininity"]).reshape(shape)
    along = np.gradient(surface, axis=1)
    normal = np.cross(along, _differ_round(surface))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    neckline = _find_neckline(grid.azimuth, cut)
    # Centimetres of one step of angle, and the length along the surface from the neckline.
    step_cm = np.linalg.norm(along, axis=-1)
    length = np.cumsum(step_cm, axis=1) - step_cm[:, :1]
    place = (neckline - grid.angle[0]) / (grid.angle[1] - grid.angle[0])
    start = _look_up_rows(length[..., None], place[:, None])[..., 0]
    height, lift, part = _find_trim(len(grid.azimuth), cut)
    rows = np.linspace(0, 1, NUM_DRAPE_ROWS + 1)[1:] ** 1.5 * (length[:, -1:] - start)
    below = np.concatenate([-height, rows], 1)
    wanted = np.clip(start + below, 0, length[:, -1:])
    places = np.stack(
        [np.interp(w, x, np.arange(NUM_ANGLES)) for w, x in zip(wanted, length, strict=True)]
    )
    drape = 0.42 + _fold(grid.azimuth[:, None], rows)
    lift = np.concatenate([lift, drape], 1)
    part = np.concatenate([part, np.zeros_like(rows)], 1)
    vertices = _look_up_rows(surface, places) + _look_up_rows(normal, places) * lift[..., None]
    round_cm = np.broadcast_to(grid.azimuth[:, None] * 9.0, below.shape)
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        np.stack([round_cm, below, part], -1).reshape(-1, 3).astype(np.float32),
    )


def _differ_round(surface: np.ndarray) -> np.ndarray:
    return np.roll(surface, -1, axis=0) - np.roll(surface, 1, axis=0)


def _look_up_rows(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """values [azimuth, angle, k] at fractional angles `places` [azimuth, row]."""
    low = np.clip(places.astype(np.int64), 0, values.shape[1] - 2)
    share = (places - low)[..., None]
    column = np.arange(len(values))[:, None]
    return values[column, low] * (1 - share) + values[column, low + 1] * share


def _find_neckline(azimuth: np.ndarray, cut: Cut) -> np.ndarray:
    """Angle from the vertical [azimuth], radians."""
    plain = max(0.0, 1 - cut.v_neck - cut.ribbed)
    front, back = np.maximum(0, np.cos(azimuth)), np.maximum(0, -np.cos(azimuth))
    side = plain * 40 + cut.v_neck * 38 + cut.ribbed * 36
    rear = plain * 31 + cut.v_neck * 31 + cut.ribbed * 29
    round_ = side + (rear - side) * back**1.5
    # A V: straight lines to a point in front.
    degrees = np.degrees(np.sqrt(azimuth**2 + 0.05**2))
    point = np.maximum(0, 1 - degrees / 62) * (degrees < 90)
    return np.radians(round_ + (plain * 6 + cut.ribbed * 4) * front**1.5 + cut.v_neck * 26 * point)


def _find_trim(columns: int, cut: Cut) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> cm above the neckline, cm off the skin, and 1: each [azimuth, trim row]."""
    stand = 0.5 * (1 - cut.ribbed) + RIBBED_STAND_CM * cut.ribbed
    thickness = 0.16 + 0.07 * cut.ribbed
    stand_share, layers = _TRIM_ROWS.T
    rows = [stand * stand_share, 0.08 + thickness * layers, np.ones(len(layers))]
    height, off, part = (np.tile(row, (columns, 1)) for row in rows)
    return height, off, part


def _fold(azimuth: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Soft folds of the drape in cm: they fan out from the neck and lean on the shoulders."""
    fan = np.sin(5 * azimuth + 0.22 * below + 0.9 * np.sin(2 * azimuth + 0.5))
    cross = np.sin(11 * azimuth - 0.31 * below + 1.7 * np.sin(3 * azimuth))
    return (0.20 * fan + 0.09 * cross) * ramp(1.0, 9.0, below)
