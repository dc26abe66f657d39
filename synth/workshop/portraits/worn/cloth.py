"""What cloth looks like at a place in it: weave, hem, seam, ribbed band. Compiled by numba."""

from __future__ import annotations

import math

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin.surfaces import look_up, ramp, tint


@compile_kernel
def paint_cloth(u, v, part, n, look, noise):
    """Place in the cloth -> albedo and normal.

    u cm round the neck, v cm above the neckline (below: negative), part 1 in the collar; n the
    surface's normal.
    """
    # Two threads cross; the eye sees where they miss, and slow unevenness of the dye.
    warp = look_up(noise, u * 130, v * 11, 2)
    weft = look_up(noise, u * 11 + 40, v * 130, 2)
    shade = 1 + 0.035 * (warp + weft) + 0.03 * look_up(noise, u * 9, v * 9, 0)
    # A soft crease pattern bends the normal rather than the cloth.
    drape = 1 - part
    bend = 0.16 * drape * ramp(-0.8, -3.0, v)
    b0 = bend * look_up(noise, u * 3.1 + 7, v * 4.3, 1)
    b1 = bend * look_up(noise, u * 2.3 + 90, v * 3.7 + 31, 1)
    # The ribs of a knitted band, and the seam below it.
    ribs = look.cloth_band * (part + drape * (1 - ramp(-0.15, -0.30, v)))
    phase = u * (2 * math.pi / 0.36)
    b0 += 0.38 * ribs * math.sin(phase)
    shade *= 1 - 0.20 * ribs * (0.5 - 0.5 * math.cos(phase))
    seam = (v + 0.75) / 0.07
    stitches = 0.75 + 0.25 * math.sin(u * 26)
    hem = (1 - look.cloth_band) * drape
    shade *= 1 - 0.22 * hem * stitches * math.exp(-seam * seam)
    return tint(look.cloth, shade, shade, shade), (n[0] + b0, n[1] + b1, n[2])
