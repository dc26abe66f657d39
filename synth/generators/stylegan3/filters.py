"""Low-pass filters by Kaiser's windows (Karras et al. 2021, appendix C).

In: number of taps, cutoff f_c, half-width f_h of the transition band, sampling rate s, all for one
picture width. Out: taps that sum to one. With n taps the window's attenuation and shape are

    A = 2.285 (n - 1) pi (2 f_h / (s / 2)) + 7.95,    beta = Kaiser's function of A;

the ideal response is a sinc along an axis, and the jinc J_1(2 pi f_c r) / (pi r) around a point.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from scipy.signal import kaiser_atten, kaiser_beta
from scipy.special import j1
from torch import Tensor


def design_separable(
    taps: int, cutoff: float, half_width: float, rate: float
) -> Float[Tensor, " tap"]:
    """The filter along one axis [taps], on the CPU; a single tap lets everything pass."""
    if taps == 1:
        return torch.ones(1, device="cpu")
    places = np.arange(taps) - (taps - 1) / 2
    response = np.sinc(2 * cutoff / rate * places) * _make_window(taps, half_width, rate)
    return torch.tensor(response / response.sum(), dtype=torch.float32, device="cpu")


def design_radial(
    taps: int, cutoff: float, half_width: float, rate: float
) -> Float[Tensor, "tap tap"]:
    """The radially symmetric filter [taps, taps], on the CPU, for an even number of taps.

    Raises ValueError for an odd number, at whose centre the formula has no value.
    """
    if taps % 2:
        raise ValueError(f"needs an even number of taps for a radial filter; got {taps}")
    places = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.hypot(places[:, None], places)
    window = _make_window(taps, half_width, rate)
    response = j1(2 * np.pi * cutoff * radius) / (np.pi * radius) * np.outer(window, window)
    return torch.tensor(response / response.sum(), dtype=torch.float32, device="cpu")


def _make_window(taps: int, half_width: float, rate: float) -> np.ndarray:
    attenuation = kaiser_atten(taps, 2 * half_width / (rate / 2))
    return np.kaiser(taps, kaiser_beta(attenuation))
