"""Linear light -> sRGB levels: a filmic curve that rolls off instead of clipping.

The curve is the one of Lottes, "Advanced Techniques and Optimization of HDR Color Pipelines"
(GDC 2016): contrast, shoulder, and a middle grey that stays where it is.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from synth.workshop.portraits.kernels import compile_kernel

CONTRAST, SHOULDER = 1.28, 0.97
GREY_IN, GREY_OUT = 0.18, 0.215
WHITE = 9.0
NUM_ENTRIES = 4096


@cache
def make_curve() -> np.ndarray:
    """Table [NUM_ENTRIES] from sqrt(light / WHITE) to the sRGB level, 0 to 255."""
    light = np.linspace(0, 1, NUM_ENTRIES) ** 2 * WHITE
    a, d = CONTRAST, SHOULDER
    scale = (WHITE ** (a * d) - GREY_IN ** (a * d)) * GREY_OUT
    b = (-(GREY_IN**a) + WHITE**a * GREY_OUT) / scale
    c = (WHITE ** (a * d) * GREY_IN**a - WHITE**a * GREY_IN ** (a * d) * GREY_OUT) / scale
    shown = np.clip(light**a / (light ** (a * d) * b + c), 0, 1)
    encoded = np.where(shown < 0.0031308, 12.92 * shown, 1.055 * shown ** (1 / 2.4) - 0.055)
    return np.ascontiguousarray(encoded * 255, np.float32)


@compile_kernel
def tone(light, curve):
    """One channel of light -> its level, 0 to 255."""
    last = curve.shape[0] - 1
    place = min(math.sqrt(max(0.0, light) / WHITE) * last, last - 1.001)
    low = int(place)
    share = place - low
    return curve[low] * (1 - share) + curve[low + 1] * share
