"""The studio round a face: key, fill and rim light, ambient light, and the exposure."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.generators.bundled_parameters import FaceParameters


class Lights(NamedTuple):
    """directions [light, 3] towards key, fill and rim; colours [light, 3]; ambient [3]."""

    directions: np.ndarray
    colours: np.ndarray
    ambient: np.ndarray


def _aim(azimuth_deg: float, elevation_deg: float) -> tuple[float, float, float]:
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)


def make_lights(face: FaceParameters) -> Lights:
    """A studio: key from above one side, fill from the other, rim from behind."""
    turn = face["key_azimuth"]
    # Seldom from straight ahead, which flattens a face.
    azimuth = 25 * turn / math.sqrt(0.3 + turn * turn) + 9 * turn
    side = math.tanh(azimuth / 12)
    warm = np.array([1 + 0.08 * face["warmth"], 1.0, 1 - 0.09 * face["warmth"]])
    warm = warm * (1.03, 1.0, 0.95)
    cool = 2 - warm
    directions = np.array(
        [
            _aim(azimuth, 33 + 8 * face["key_elevation"]),
            _aim(-48 * side, 8),
            _aim(180 - 42 * side, 30),
        ],
        np.float32,
    )
    key, fill = 1.25 + 0.55 * face["key_power"], 0.10 + 0.26 * face["fill_power"]
    ambient = 0.20 + 0.22 * face["ambient"]
    # As a photographer would: less exposure in bright light, more for dark skin.
    exposure = 1.13 * (1.85 / (key + 0.5 * fill + ambient)) ** 0.7
    exposure *= math.exp(0.62 * (face["melanin"] - 0.45))
    colours = np.stack([warm * key, cool * fill, cool * (0.4 + 1.1 * face["rim_power"])])
    return Lights(
        directions,
        (colours * exposure).astype(np.float32),
        ((0.5 + 0.5 * cool) * ambient * exposure).astype(np.float32),
    )
