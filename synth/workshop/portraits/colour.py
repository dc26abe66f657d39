"""Colours: sRGB levels and OKLab (Ottosson 2020) to linear RGB."""

from __future__ import annotations

import numpy as np

Colour = tuple[float, float, float]


def decode(*levels: float) -> np.ndarray:
    """sRGB levels 0 to 255 -> linear RGB (IEC 61966-2-1, upper branch)."""
    return ((np.array(levels) / 255 + 0.055) / 1.055) ** 2.4


def mix_oklab(light: float, a: float, b: float) -> np.ndarray:
    """OKLab -> linear RGB, at least 0."""
    cone = np.array(
        [
            light + 0.3963377774 * a + 0.2158037573 * b,
            light - 0.1055613458 * a - 0.0638541728 * b,
            light - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    cone = cone**3
    matrix = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    return np.maximum(matrix @ cone, 0.002)


def pick(tones: np.ndarray, position: float) -> np.ndarray:
    """Between rows of tones [n, 3], 0 the first to 1 the last."""
    place = float(np.clip(position, 0, 1)) * (len(tones) - 1)
    low = min(int(place), len(tones) - 2)
    return tones[low] * (low + 1 - place) + tones[low + 1] * (place - low)


def as_colour(values: np.ndarray) -> Colour:
    """Linear RGB [3] as three plain numbers, which compiled code takes."""
    return float(values[0]), float(values[1]), float(values[2])
