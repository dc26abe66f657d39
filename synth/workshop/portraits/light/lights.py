"""The studio round a face: four set-ups, blended; key, fill, two rims, sky and ground."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.portraits.colour import mix_oklab


class Lights(NamedTuple):
    """directions [4, 3] towards key, fill and rims; colours [4, 3]; sky [3] and ground [3] light
    from above and below."""

    directions: np.ndarray
    colours: np.ndarray
    sky: np.ndarray
    ground: np.ndarray


#: Of each set-up (soft, side, rim, glow): key azimuth and elevation in degrees; power of key, fill,
#: rim on the key's side, rim on the other, ambient; and how much the rims are coloured.
SETUPS = np.array(
    [
        (32, 36, 1.55, 0.34, 0.50, 1.00, 0.50, 0.10),
        (58, 24, 2.05, 0.14, 0.30, 0.90, 0.34, 0.30),
        (28, 30, 1.10, 0.22, 1.80, 2.60, 0.42, 1.00),
        (12, 22, 1.30, 0.42, 0.60, 0.80, 0.66, 0.50),
    ]
)


def _aim(azimuth_deg: float, elevation_deg: float) -> tuple[float, float, float]:
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)


def make_lights(face: FaceParameters, wall: np.ndarray) -> Lights:
    """Light for `face` before a wall of colour [3], linear RGB, which tints what it throws back."""
    shares = np.array([0, face["light_side"], face["light_rim"], face["light_glow"]])
    shares[0] = 1 - shares.sum()
    azimuth, elevation, key, fill, near, far, ambient, tinted = shares @ SETUPS
    # Seldom from straight ahead, which flattens a face.
    turn = face["key_azimuth"]
    side = turn / math.sqrt(0.10 + turn * turn)
    azimuth = azimuth * side * (0.85 + 0.15 * abs(turn))
    warm = np.array([1 + 0.07 * face["warmth"], 1.0, 1 - 0.08 * face["warmth"]])
    warm = warm * (1.03, 1.0, 0.94)
    cool = 2 - warm
    hue = 1.4 * face["rim_hue"] - 2.2
    gel = mix_oklab(0.75, 0.13 * math.cos(hue), 0.13 * math.sin(hue))
    gel = gel / gel.mean()
    rim = cool * (1 - 0.7 * tinted) + gel * 0.7 * tinted
    directions = np.array(
        [
            _aim(azimuth, elevation + 7 * face["key_elevation"]),
            _aim(-50 * side, 6),
            _aim(128 * side, 24),
            _aim(-128 * side, 20),
        ],
        np.float32,
    )
    exposure = 0.98 * math.exp(0.10 * face["exposure"] + 0.55 * (face["melanin"] - 0.42))
    bounce = 0.6 + 0.4 * wall / (wall.mean() + 0.02)
    colours = np.stack([warm * key, bounce * fill, rim * near, rim * far])
    sky = (0.4 * cool + 0.6 * bounce) * ambient
    ground = np.array([1.05, 0.92, 0.86]) * (0.55 * ambient)
    return Lights(
        directions,
        (colours * exposure).astype(np.float32),
        (sky * exposure).astype(np.float32),
        (ground * exposure).astype(np.float32),
    )
