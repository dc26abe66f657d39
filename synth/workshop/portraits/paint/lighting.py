"""Light on surfaces: wrapped diffuse light, soft mirror lobes, rims. Compiled by numba."""

from __future__ import annotations

import math

from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.paint.surfaces import power


@compile_kernel
def add_light(rgb, n, wrap, gloss, exponent, open_, visible, lights, num_lights=4):
    """Ambient, key, fill and rims on a surface of colour rgb and normal n -> outgoing light.

    wrap (red, green, blue): how far light reaches round the form; gloss: strength of a highlight
    with `exponent`; open_ and visible: share of ambient light and of key light, 0 to 1; num_lights:
    2 leaves the rims out, for what lies inside the head.
    """
    up = 0.5 + 0.5 * n[1]
    red_open = math.sqrt(open_)
    sky, ground = lights.sky, lights.ground
    o0 = rgb[0] * (ground[0] + (sky[0] - ground[0]) * up) * (0.5 * red_open + 0.5 * open_)
    o1 = rgb[1] * (ground[1] + (sky[1] - ground[1]) * up) * open_
    o2 = rgb[2] * (ground[2] + (sky[2] - ground[2]) * up) * open_
    edge = 1 - max(0.0, n[2])
    edge *= edge
    for i in range(num_lights):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        c0, c1, c2 = lights.colours[i, 0], lights.colours[i, 1], lights.colours[i, 2]
        facing = n[0] * l0 + n[1] * l1 + n[2] * l2
        if i < 2:
            shade = (visible if i == 0 else 1.0) * (0.45 + 0.55 * open_)
            soft = math.sqrt(visible) if i == 0 else 1.0
            soft = 0.5 * soft + 0.5 * (visible if i == 0 else 1.0)
            soft *= 0.5 + 0.5 * open_
            a = max(0.0, (facing + wrap[0]) / (1 + wrap[0]))
            b = max(0.0, (facing + wrap[1]) / (1 + wrap[1]))
            c = max(0.0, (facing + wrap[2]) / (1 + wrap[2]))
            o0 += rgb[0] * c0 * a * soft
            o1 += rgb[1] * c1 * b * shade
            o2 += rgb[2] * c2 * c * shade
            if gloss > 0 and facing > 0:
                h2 = l2 + 1
                length = math.sqrt(l0 * l0 + l1 * l1 + h2 * h2)
                cosine = (n[0] * l0 + n[1] * l1 + n[2] * h2) / length
                if cosine > 0.5:
                    k = gloss * power(cosine, exponent) * shade * min(1.0, 3 * facing)
                    o0 += c0 * k
                    o1 += c1 * k
                    o2 += c2 * k
        elif facing > -0.2:
            k = max(0.0, (facing + 0.2) / 1.2) * edge * open_
            k0 = k * (0.10 + 0.9 * rgb[0])
            o0 += c0 * k0
            o1 += c1 * k * (0.10 + 0.9 * rgb[1])
            o2 += c2 * k * (0.10 + 0.9 * rgb[2])
    return o0, o1, o2
