"""Hair as a translucent shell round the skull, combed by a few smooth numbers.

The shell is a grid of azimuth x path: the first part of each path runs over the skull from the
crown down, the rest hangs. A style moves it outwards (thickness), ends it at a hairline and makes
it translucent there, so that hair begins in strands and not with an edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.spatial import KDTree

from synth.portraits.head_model import HeadModel
from synth.portraits.parameters import FaceParameters

NUM_AZIMUTHS, NUM_STEPS = 120, 72
SKULL_SHARE = 0.62
SKULL_ANGLE = np.radians(104)
CENTRE = np.array([0, 4.0, 0.8], np.float32)

#: Natural hairline: azimuth in degrees from the face (0) to the back (180) -> height in cm.
HAIRLINE_DEG = (0, 18, 34, 46, 56, 63, 70, 76, 84, 93, 103, 113, 135, 180)
HAIRLINE_CM = (10.9, 11.1, 11.4, 10.6, 8.6, 6.2, 3.6, 2.0, 4.4, 6.0, 3.6, 0.0, -3.4, -4.2)


@dataclass(frozen=True)
class HairGrid:
    """The uncombed shell of one head model: fixed for all faces.

    azimuth, along [azimuth, step]; surface and direction [azimuth, step, 3]; roots
    [azimuth * step, 10] skin vertices whose identity offset the shell follows; triangles.
    """

    azimuth: np.ndarray
    along: np.ndarray
    surface: np.ndarray
    direction: np.ndarray
    roots: np.ndarray
    triangles: np.ndarray


@dataclass(frozen=True)
class CombedHair:
    """vertices [azimuth * step, 3] cm; opacity [azimuth * step] below 0 none, 1 dense;
    hairline [azimuth] height in cm, by which roots are painted on the skin; length 0 cut to 1 long.
    """

    vertices: np.ndarray
    opacity: np.ndarray
    hairline: np.ndarray
    length: float


def _ramp(low: float, high: float, x: np.ndarray | float) -> np.ndarray:
    t = np.clip((np.asarray(x, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def make_hair_grid(model: HeadModel) -> HairGrid:
    """Fit the shell to the neutral skull of `model`."""
    skull = model.vertices[model.skull]
    azimuth, along = np.meshgrid(
        np.linspace(-np.pi, np.pi, NUM_AZIMUTHS, endpoint=False, dtype=np.float32),
        np.linspace(0, 1, NUM_STEPS, dtype=np.float32),
        indexing="ij",
    )
    polar = np.clip(along / SKULL_SHARE, 0, 1) * SKULL_ANGLE
    direction = np.stack(
        [np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], -1
    )
    radius = _find_skull_radius(skull, direction.reshape(-1, 3)).reshape(azimuth.shape)
    surface = (CENTRE + direction * radius[..., None]).astype(np.float32)
    _, nearest = KDTree(skull).query(surface.reshape(-1, 3), k=10)
    here = np.arange(NUM_AZIMUTHS)[:, None] * NUM_STEPS + np.arange(NUM_STEPS - 1)
    there = np.roll(here, -1, axis=0)
    first = np.stack([here, there + 1, there], -1).reshape(-1, 3)
    second = np.stack([here, here + 1, there + 1], -1).reshape(-1, 3)
    triangles = np.concatenate([first, second]).astype(np.int32)
    return HairGrid(azimuth, along, surface, direction, model.skull[nearest], triangles)


def _find_skull_radius(skull: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Distance from CENTRE to the skull along each direction; ears are smoothed away."""
    offset = skull - CENTRE
    distance = np.linalg.norm(offset, axis=1)
    gap, nearest = KDTree(offset / distance[:, None]).query(direction, k=12)
    weight = 1 / (gap + 0.02) ** 2
    radius = (distance[nearest] * weight).sum(1) / weight.sum(1)
    grid = radius.reshape(NUM_AZIMUTHS, NUM_STEPS)
    padded = np.pad(grid, ((9, 9), (0, 0)), mode="wrap")
    smooth = median_filter(padded, size=(9, 5), mode="nearest")[9:-9]
    around = gaussian_filter1d(smooth, 1.5, axis=0, mode="wrap")
    return gaussian_filter1d(around, 1.0, axis=1, mode="nearest")


def comb_hair(grid: HairGrid, face: FaceParameters, skin_offset: np.ndarray) -> CombedHair:
    """The shell in the style of `face`; skin_offset [vertex, 3] moves it with the scalp."""
    length = float(_ramp(0.40, 0.95, face["hair_length"]))
    volume, wave = face["hair_volume"], np.tanh(face["wave"])
    azimuth, along = grid.azimuth, grid.along
    degrees = np.abs(np.degrees(azimuth))
    hairline = _find_hairline(face, azimuth, degrees, length)
    hang = np.clip((along - SKULL_SHARE) / (1 - SKULL_SHARE), 0, 1)
    position = grid.surface + skin_offset[grid.roots].mean(1).reshape(grid.surface.shape)
    position[..., 1] -= hang * (2.0 + 15.0 * length)
    height = position[..., 1]
    strand = 0.30 * np.sin(azimuth * 17 + along * 9) + 0.25 * np.sin(azimuth * 41 + 2)
    above = height - hairline + 0.35 * strand
    thickness = _find_thickness(face, above, height, degrees, length)
    groove = np.exp(-(((position[..., 0] - face.parting_cm) / 0.5) ** 2)) * _ramp(7, 11, height)
    thickness -= 0.35 * groove * (position[..., 2] > -3) * _ramp(0, 2, above)
    locks = np.sin(azimuth * 23 + 3 * np.sin(along * 6)) + 0.6 * np.sin(azimuth * 57)
    thickness += 0.07 * locks * _ramp(0.5, 2.5, above) * (0.5 + volume)
    curl = 0.35 * max(0.0, wave) * np.sin(along * 34 + 2 * azimuth) * (0.25 + hang)
    outward = np.stack([np.sin(azimuth), 0 * azimuth, np.cos(azimuth)], -1)
    normal = grid.direction.copy()
    normal[..., 1] *= 1 - hang
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-6
    flare = hang * ((1 - length) * -2.2 + length * (0.6 + 0.7 * wave) * (1 - 0.5 * hang))
    position = position + normal * (thickness + curl)[..., None] + outward * flare[..., None]
    opacity = 1.15 * _ramp(-0.5, 1.7, above) + 0.30 * strand * _ramp(1.5, 0.0, above)
    opacity -= 1.4 * _ramp(0.80, 1.0, hang + 0.10 * strand)
    opacity = np.where(above < -0.7, -0.5, opacity)
    return CombedHair(
        position.reshape(-1, 3).astype(np.float32),
        opacity.ravel().astype(np.float32),
        np.ascontiguousarray(hairline[:, 0], np.float32),
        length,
    )


def _find_hairline(
    face: FaceParameters, azimuth: np.ndarray, degrees: np.ndarray, length: float
) -> np.ndarray:
    natural = np.interp(degrees, HAIRLINE_DEG, HAIRLINE_CM)
    natural += 0.40 * face["hairline"] * np.exp(-((degrees / 60) ** 2))
    # Age thins the temples of short hair.
    recess = _ramp(0.55, 1.0, face["age"]) * (1 - length)
    natural += 1.1 * recess * np.exp(-(((degrees - 34) / 13) ** 2))
    smooth = gaussian_filter1d(natural, 1.5, axis=0, mode="wrap")
    fringe = float(_ramp(0.68, 0.97, face["fringe"]))
    sweep = 1 + 0.45 * np.tanh(face["parting"]) * np.sin(azimuth) * 1.2
    smooth -= fringe * 3.3 * np.exp(-((degrees / 46) ** 4)) * sweep
    side = _ramp(50, 74, degrees)
    return smooth * (1 - side * length) - 30 * side * length


def _find_thickness(
    face: FaceParameters,
    above: np.ndarray,
    height: np.ndarray,
    degrees: np.ndarray,
    length: float,
) -> np.ndarray:
    volume = face["hair_volume"]
    full = (0.25 + 1.15 * volume) * (0.45 + 0.55 * float(_ramp(0.0, 0.3, face["hair_length"])))
    top = _ramp(4.5, 11.0, height)
    # Short hair is cut close at the sides; long hair keeps its body all the way.
    sides = 0.30 + 0.70 * length
    body = (
        full * (sides + (1 - sides) * top)
        + (0.40 + 0.7 * np.exp(-(((degrees - 88) / 30) ** 2))) * length
    )
    rise = 0.10 * _ramp(-0.2, 0.8, above) + 0.90 * _ramp(0.0, 4.5, above)
    quiff = 0.75 * volume * (1 - length) * np.exp(-((degrees / 42) ** 2))
    quiff = quiff * _ramp(0.0, 2.4, above) * np.exp(-(((above - 2.4) / 2.4) ** 2))
    hidden = 0.5 * (1 - _ramp(-0.9, 0.1, above))
    return body * rise + quiff - hidden
