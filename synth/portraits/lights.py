"""The studio round a face: key, fill and rim light, ambient light, and the wall behind."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.portraits.parameters import FaceParameters


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
    azimuth = 26 * face["key_azimuth"]
    side = math.tanh(azimuth / 12)
    warm = np.array([1 + 0.07 * face["warmth"], 1.0, 1 - 0.08 * face["warmth"]])
    cool = 2 - warm
    directions = np.array(
        [
            _aim(azimuth, 30 + 9 * face["key_elevation"]),
            _aim(-45 * side, 6),
            _aim(180 - 40 * side, 32),
        ],
        np.float32,
    )
    colours = np.stack(
        [
            warm * (1.15 + 0.55 * face["key_power"]),
            cool * (0.16 + 0.34 * face["fill_power"]),
            cool * (0.5 + 1.2 * face["rim_power"]),
        ]
    )
    ambient = (0.5 + 0.5 * cool) * (0.34 + 0.28 * face["ambient"])
    return Lights(directions, colours.astype(np.float32), ambient.astype(np.float32))


def make_background(face: FaceParameters, size_px: int) -> np.ndarray:
    """A soft studio wall: a gradient with a glow behind the head [size, size, 3]."""
    tint = np.array([np.tanh(face["background_red"]), 0.0, np.tanh(face["background_blue"])])
    wall = 0.20 * np.exp(0.55 * face["background"]) * (1 + 0.20 * tint)
    y = np.linspace(-1, 1, size_px, dtype=np.float32)[:, None, None]
    x = np.linspace(-1, 1, size_px, dtype=np.float32)[None, :, None]
    slope = np.exp(-0.22 * y * (1 + 0.5 * face["background_slope"])) * np.exp(0.12 * x)
    glow = 0.80 + 0.35 * np.exp(-((y + 0.1) ** 2) / 0.9) * np.exp(-(x**2) / 0.9)
    return np.ascontiguousarray((wall * slope * glow).astype(np.float32))
