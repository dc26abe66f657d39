"""A polynomial of least squares through latents, over time: order 1 is a straight line.

In: times t_k of pictures and the coordinates c_k of their latents along principal axes. Out: a
LatentPath p(t) = a_0 + a_1 u + ... + a_m u^m, u in [-1, 1] over the pictures' times, of the least
sum |p(t_k) - c_k|^2. Through m + 1 pictures it passes exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.polynomial import polynomial

from synth.motion.pictures.principal_axes import Coordinates, PrincipalAxes
from synth.types import Times, WPlus

#: Beyond this a polynomial swings between the pictures.
HIGHEST_ORDER = 3


@dataclass(frozen=True, eq=False)
class LatentPolynomial:
    """An open LatentPath from the first picture's time, 0, to the last's.

    coefficients [order + 1, axis] of u. shape: of W+, (layer, w_dim).
    """

    coefficients: np.ndarray
    axes: PrincipalAxes
    shape: tuple[int, int]
    duration_s: float
    closed: bool = False

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]; outside: the ends."""
        share = times_s.double().cpu().numpy() / self.duration_s
        u = 2 * np.clip(share, 0, 1) - 1
        points = self.axes.restore(polynomial.polyval(u, self.coefficients).T)
        return torch.from_numpy(points.astype(np.float32)).reshape(-1, *self.shape)


def fit_polynomial(times_s: np.ndarray, coordinates: Coordinates, order: int) -> np.ndarray:
    """Coefficients [order + 1, axis] of u = 2 t / t_last - 1; the first time is 0.

    Raises ValueError for an order that so many pictures do not determine.
    """
    check_order(order, len(times_s))
    return polynomial.polyfit(2 * times_s / times_s[-1] - 1, coordinates, order)


def check_order(order: int, pictures: int) -> None:
    """Raise ValueError unless so many pictures determine a polynomial of this order."""
    if not 1 <= order <= HIGHEST_ORDER:
        raise ValueError(f"needs an order of 1 to {HIGHEST_ORDER}; got {order}; try 1, a line")
    if order > pictures - 1:
        raise ValueError(
            f"needs {order + 1} pictures or more for order {order}; got {pictures}; "
            f"try order={pictures - 1}, or more pictures"
        )
