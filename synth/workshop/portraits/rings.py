"""Grids that go once round the head: azimuth x row, closed in the first direction."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter


def smooth_rings(grid: np.ndarray, sigma: tuple[float, float]) -> np.ndarray:
    """Smooth values [azimuth, row, ...] by Gaussians of sigma cells: round the head, along rows."""
    # SciPy takes a mode per axis, which its annotations do not say.
    modes = ["wrap", "nearest", *["nearest"] * (grid.ndim - 2)]
    widths = (*sigma, *[0.0] * (grid.ndim - 2))
    return gaussian_filter(grid, widths, mode=modes)  # pyright: ignore[reportArgumentType]
