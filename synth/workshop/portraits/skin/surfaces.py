"""What grows on the skin at a point of the head, before any light; colour arithmetic.

Points are in the canonical (neutral) head's space, in cm. Colours are linear RGB triples.
Compiled by numba, called pixel by pixel from `shading`.
"""

from __future__ import annotations

import math

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin import paint

_LEFT, _BOTTOM = paint.LEFT_CM, paint.BOTTOM_CM
_RIGHT, _TOP = _LEFT + paint.WIDTH_CM - 0.1, _BOTTOM + paint.HEIGHT_CM - 0.1
_TEXELS = float(paint.TEXELS_PER_CM)


@compile_kernel
def ramp(low, high, x):
    """Smoothstep from `low` to `high`."""
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


@compile_kernel
def look_up(noise, x, y, k):
    """Bilinear, tiled noise texture [n, n, 3] at texel x, y."""
    n = noise.shape[0]
    xi, yi = math.floor(x), math.floor(y)
    fx, fy = x - xi, y - yi
    xi, yi = xi % n, yi % n
    x1, y1 = (xi + 1) % n, (yi + 1) % n
    upper = noise[yi, xi, k] * (1 - fx) + noise[yi, x1, k] * fx
    lower = noise[y1, xi, k] * (1 - fx) + noise[y1, x1, k] * fx
    return upper * (1 - fy) + lower * fy


@compile_kernel
def tint(rgb, r, g, b):
    """Multiply a colour."""
    return (rgb[0] * r, rgb[1] * g, rgb[2] * b)


@compile_kernel
def mix(rgb, other, share):
    """Blend a colour with another."""
    keep = 1 - share
    return (
        rgb[0] * keep + other[0] * share,
        rgb[1] * keep + other[1] * share,
        rgb[2] * keep + other[2] * share,
    )


@compile_kernel
def find_roots(x, y, z, hairline, noise):
    """How densely hair roots cover the scalp at a canonical point, 0 to 1."""
    azimuth = math.atan2(x, z - 0.8)
    place = (azimuth + math.pi) / (2 * math.pi) * hairline.shape[0]
    low = int(place) % hairline.shape[0]
    share = place - int(place)
    line = hairline[low] * (1 - share) + hairline[(low + 1) % hairline.shape[0]] * share
    strand = look_up(noise, azimuth * 210, y * 7, 2)
    return 0.90 * ramp(-0.8, 1.6, y - line + 0.22 * strand)


@compile_kernel
def paint_growth(rgb, x, y, z, look, beard, noise, hairline):
    """Shadow of a beard and hair roots over skin of colour rgb -> colour, share that shines."""
    bare = 1.0
    if look.beard > 0 and z > 2.0 and _LEFT < x < _RIGHT and _BOTTOM < y < _TOP:
        tx, ty = (x - _LEFT) * _TEXELS - 0.5, (y - _BOTTOM) * _TEXELS - 0.5
        tx, ty = max(0.0, tx), max(0.0, ty)
        xi, yi = int(tx), int(ty)
        fx, fy = tx - xi, ty - yi
        upper = beard[yi, xi] * (1 - fx) + beard[yi, xi + 1] * fx
        lower = beard[yi + 1, xi] * (1 - fx) + beard[yi + 1, xi + 1] * fx
        k = look.beard * (upper * (1 - fy) + lower * fy)
        rgb = mix(rgb, look.beard_tint, k)
        bare *= 1 - 0.6 * k
    if y > 6 or (y > -6 and z < 6):
        k = find_roots(x, y, z, hairline, noise)
        rgb = mix(rgb, tint(look.hair, 0.55, 0.55, 0.55), k)
        bare *= 1 - 0.8 * k
    return rgb, bare
