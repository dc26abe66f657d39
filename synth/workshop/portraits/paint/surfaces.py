"""Small pieces that all paints share. Compiled by numba; colours are linear RGB triples."""

from __future__ import annotations

import math

from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.paint.face_map import HIGH_CM, LEFT_CM, TEXELS_PER_CM


@compile_kernel
def ramp(low, high, x):
    """Smoothstep from `low` to `high`."""
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


@compile_kernel
def mix(a, b, share):
    """From colour a towards b by `share`."""
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


@compile_kernel
def scale(a, k):
    """Colour a, k times as bright."""
    return a[0] * k, a[1] * k, a[2] * k


@compile_kernel
def read_map(face_map, x, y, texel):
    """Bilinear texel [channel] of the face map at x, y in cm."""
    u = (x - LEFT_CM) * TEXELS_PER_CM - 0.5
    v = (HIGH_CM - y) * TEXELS_PER_CM - 0.5
    u = min(max(u, 0.0), face_map.shape[1] - 1.001)
    v = min(max(v, 0.0), face_map.shape[0] - 1.001)
    xi, yi = int(u), int(v)
    fx, fy = u - xi, v - yi
    w0, w1, w2, w3 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    for k in range(texel.shape[0]):
        texel[k] = (
            w0 * face_map[yi, xi, k]
            + w1 * face_map[yi, xi + 1, k]
            + w2 * face_map[yi + 1, xi, k]
            + w3 * face_map[yi + 1, xi + 1, k]
        )


@compile_kernel
def power(x, exponent):
    """x ** exponent of a small or positive x."""
    return math.exp(exponent * math.log(max(x, 1e-6)))
