"""Strands that grow on a face: the form in which brows, lashes and beards hand them on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Points of a strand, and where they lie on it: 0 root to 1 tip.
NUM_POINTS = 6
STEPS = np.linspace(0, 1, NUM_POINTS)


class Strands(NamedTuple):
    """Strands in the posed scene, in cm: points [strand, point, 3]; normals [strand, 3] of the
    skin below; colours [strand, 3] linear RGB; widths and opacities [strand, point].
    """

    points: np.ndarray
    normals: np.ndarray
    colours: np.ndarray
    widths: np.ndarray
    opacities: np.ndarray


def blend_ramp(
    low: float | np.ndarray, high: float | np.ndarray, x: float | np.ndarray
) -> np.ndarray:
    """Smoothstep from `low` to `high`."""
    t = np.clip((np.asarray(x, np.float64) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
