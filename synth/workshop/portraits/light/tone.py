"""Linear light -> the 8-bit picture: a filmic curve that rolls off instead of clipping.

The curve is the one of Lottes, "Advanced Techniques and Optimization of HDR Color Pipelines"
(GDC 2016): contrast, shoulder, and a middle grey that stays where it is. Shadows lean a little to
blue and lights to yellow, as on film stock. Compiled by numba.
"""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np

from synth.workshop.portraits.rasterise import compile_kernel

CONTRAST, SHOULDER = 1.36, 0.97
GREY_IN, GREY_OUT = 0.18, 0.205
WHITE = 9.0
NUM_ENTRIES = 4096
#: Gain of red, green, blue in the darkest and in the lightest parts.
SHADOW_TINT, LIGHT_TINT = (0.97, 0.995, 1.05), (1.012, 1.0, 0.965)
LESS_SATURATION, VIGNETTE = 0.10, 0.16


@cache
def make_curve() -> np.ndarray:
    """Table [3, NUM_ENTRIES] from sqrt(light / WHITE) of a channel to its sRGB level, 0 to 255."""
    light = np.linspace(0, 1, NUM_ENTRIES) ** 2 * WHITE
    a, d = CONTRAST, SHOULDER
    scale = (WHITE ** (a * d) - GREY_IN ** (a * d)) * GREY_OUT
    b = (-(GREY_IN**a) + WHITE**a * GREY_OUT) / scale
    c = (WHITE ** (a * d) * GREY_IN**a - WHITE**a * GREY_IN ** (a * d) * GREY_OUT) / scale
    shown = light**a / (light ** (a * d) * b + c)
    share = np.clip(shown, 0, 1) ** 0.5
    tints = np.array([SHADOW_TINT, LIGHT_TINT])
    toned = shown * (tints[0][:, None] * (1 - share) + tints[1][:, None] * share)
    toned = np.clip(toned, 0, 1)
    encoded = np.where(toned < 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    return np.ascontiguousarray(encoded * 255, np.float32)


@compile_kernel
def _tone(image, curve, less_saturation, vignette):
    """Apply the curve to image [h, w, 3] in place: light -> levels 0 to 255."""
    height, width = image.shape[0], image.shape[1]
    last = curve.shape[1] - 1
    for y in range(height):
        v = (2 * y + 1) / height - 1
        for x in range(width):
            u = (2 * x + 1) / width - 1
            gain = 1 - vignette * (u * u + v * v) ** 2 * 0.25
            r, g, b = image[y, x, 0], image[y, x, 1], image[y, x, 2]
            grey = (0.2126 * r + 0.7152 * g + 0.0722 * b) * less_saturation
            for k in range(3):
                light = ((1 - less_saturation) * image[y, x, k] + grey) * gain
                place = math.sqrt(max(0.0, light) / WHITE) * last
                place = min(place, last - 1.001)
                low = int(place)
                share = place - low
                image[y, x, k] = curve[k, low] * (1 - share) + curve[k, low + 1] * share


@cache
def _make_dither(size_px: int) -> np.ndarray:
    """Less than one level of fixed noise [size, size, 3], so that slow gradients have no bands."""
    noise = np.random.default_rng(0).random((2, size_px, size_px, 3), np.float32)
    return 0.5 * (noise[0] - noise[1])


def develop(image: np.ndarray, size_px: int) -> np.ndarray:
    """Linear RGB [large, large, 3], which is overwritten -> sRGB uint8 [size_px, size_px, 3].

    It is reduced after the curve, so that bright edges on dark ground are as smooth as any other.
    """
    _tone(image, make_curve(), LESS_SATURATION, VIGNETTE)
    small = cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.clip(np.round(small + _make_dither(size_px)), 0, 255).astype(np.uint8)
