"""Paint of hair, cloth and what is worn. Compiled by numba; colours are linear RGB triples."""

from __future__ import annotations

import math

from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.paint.lighting import add_light
from synth.workshop.portraits.paint.surfaces import mix, power, ramp

_HAIR_WRAP = (0.30, 0.28, 0.26)


@compile_kernel
def paint_hair(colour, deep, gloss, aux, place, n, turn, open_, visible, lights):
    """Hair with locks: aux = (lock coordinate, groove strength, curl, height below the crown)."""
    u, strength, curl = aux[0], aux[1], aux[2]
    # Which way the locks run: away from the crown, along the surface.
    dx, dy, dz = place[0] * 0.9, place[1] - 15.0, place[2] + 1.0
    tx = turn[0, 0] * dx + turn[0, 1] * dy + turn[0, 2] * dz
    ty = turn[1, 0] * dx + turn[1, 1] * dy + turn[1, 2] * dz
    tz = turn[2, 0] * dx + turn[2, 1] * dy + turn[2, 2] * dz
    along = tx * n[0] + ty * n[1] + tz * n[2]
    tx, ty, tz = tx - along * n[0], ty - along * n[1], tz - along * n[2]
    length = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-6
    tx, ty, tz = tx / length, ty / length, tz / length
    bx, by, bz = ty * n[2] - tz * n[1], tz * n[0] - tx * n[2], tx * n[1] - ty * n[0]
    place_in_lock = u - math.floor(u)
    wave = math.cos(math.pi * place_in_lock)
    tilt = strength * 0.46 * wave * wave * wave
    m0, m1, m2 = n[0] + tilt * bx, n[1] + tilt * by, n[2] + tilt * bz
    length = math.sqrt(m0 * m0 + m1 * m1 + m2 * m2)
    m = (m0 / length, m1 / length, m2 / length)
    from_groove = min(place_in_lock, 1 - place_in_lock)
    groove = strength * (1 - ramp(0.0, 0.16, from_groove))
    rgb = mix(colour, deep, min(1.0, 0.75 * groove + 0.45 * (1 - open_)))
    bare = open_ * (1 - 0.25 * groove)
    o0, o1, o2 = add_light(rgb, m, _HAIR_WRAP, 0.0, 1.0, bare, visible, lights, 4)
    # A band of light across the locks (Kajiya and Kay 1989), for key and sky.
    for i in range(2):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        h0, h1, h2 = l0, l1 + (0.35 if i == 1 else 0.0), l2 + 1
        length = math.sqrt(h0 * h0 + h1 * h1 + h2 * h2)
        across = (tx * h0 + ty * h1 + tz * h2) / length
        sine = math.sqrt(max(0.0, 1 - across * across))
        facing = max(0.0, m[0] * h0 + m[1] * h1 + m[2] * h2) / length
        band = gloss * power(sine, 26.0) * facing * facing * (1 - 0.6 * curl) * (1 - groove)
        band *= (visible if i == 0 else 0.8) * open_
        c = lights.colours[i]
        o0 += c[0] * band * (0.05 + 0.55 * rgb[0])
        o1 += c[1] * band * (0.05 + 0.55 * rgb[1])
        o2 += c[2] * band * (0.05 + 0.55 * rgb[2])
    return o0, o1, o2


@compile_kernel
def paint_plain(rgb, n, gloss, exponent, open_, visible, lights):
    """Something of one colour."""
    return add_light(rgb, n, (0.22, 0.2, 0.2), gloss, exponent, open_, visible, lights, 4)


@compile_kernel
def paint_cloth(place, n, look, pixel_cm, open_, visible, lights):
    """place: cm round the neck, cm below the neckline, 0 drape to 1 trim."""
    soft = max(0.02, 0.5 * pixel_cm)
    rgb = mix(look.cloth, look.trim, ramp(0.5 - soft, 0.5 + soft, place[2]))
    return add_light(rgb, n, (0.25, 0.23, 0.22), 0.03, 8.0, open_, visible, lights, 4)
