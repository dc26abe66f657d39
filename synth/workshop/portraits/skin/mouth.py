"""Teeth, gums and tongue at a canonical point, before light. Compiled by numba."""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin.surfaces import look_up, mix, ramp, tint

#: Degrees round the middle of the dental arch at which one tooth ends and the next begins, from
#: the middle outwards: the head model's teeth are separate meshes, these are their borders.
TOOTH_BORDERS_DEG = np.array([0.0, 10.7, 19.8, 29.8, 40.0, 50.4, 67.0, 87.0, 108.0], np.float32)
#: How light each of these teeth is against the front ones: canines are yellower.
TOOTH_SHADES = np.array([1.0, 0.96, 0.90, 0.93, 0.90, 0.86, 0.84, 0.82], np.float32)
_ARCH_CENTRE_CM = 6.0
_MEETING_CM = -3.38


@compile_kernel
def paint_teeth(x, y, z, inwards, noise):
    """-> albedo and highlight; `inwards` is how far behind the lips the point lies, cm."""
    angle = math.degrees(math.atan2(abs(x), z - _ARCH_CENTRE_CM))
    tooth = 0
    for k in range(1, 8):
        if angle >= TOOTH_BORDERS_DEG[k]:
            tooth = k
    low, high = TOOTH_BORDERS_DEG[tooth], TOOTH_BORDERS_DEG[tooth + 1]
    to_border = min(angle - low, high - angle) * 0.074
    gap = 1 - ramp(0.0, 0.075, to_border)
    edge = 1 - ramp(0.05, 0.40, abs(y - _MEETING_CM))
    neck = ramp(0.65, 1.15, abs(y - _MEETING_CM))
    shade = TOOTH_SHADES[tooth] * (1 + 0.02 * look_up(noise, x * 9, y * 9, 0))
    rgb = tint((0.68, 0.63, 0.545), shade, shade, shade * shade)
    # Enamel without dentine behind it is greyer and bluer at the cutting edge.
    rgb = mix(rgb, (0.52, 0.52, 0.51), 0.45 * edge)
    rgb = mix(rgb, (0.46, 0.35, 0.24), 0.45 * neck)
    rgb = mix(rgb, (0.16, 0.085, 0.065), 0.72 * gap)
    deep = math.exp(-0.42 * max(0.0, inwards)) * (1 - 0.55 * ramp(0.8, 2.9, abs(x)))
    if y < _MEETING_CM:
        deep *= 0.80
    # What light comes this far has met lips and gums on its way.
    warm = 0.70 + 0.30 * deep
    return tint(rgb, deep, deep * warm, deep * warm * warm), 0.11 * deep * (1 - gap)


@compile_kernel
def paint_gums(x, y, z, inwards, noise):
    """Gums along the teeth, the tongue between them, dark behind -> albedo and highlight."""
    deep = math.exp(-0.62 * max(0.0, inwards))
    tongue = (1 - ramp(1.5, 2.0, abs(x))) * ramp(-5.2, -4.9, y) * (1 - ramp(-3.0, -2.6, y))
    tongue *= 1 - ramp(9.3, 9.7, z)
    grain = 1 + 0.07 * look_up(noise, x * 40, z * 40, 2)
    furrow = 1 - 0.40 * math.exp(-((x / 0.16) ** 2))
    rgb = mix((0.36, 0.115, 0.105), (0.40, 0.135, 0.125), tongue)
    k = deep * grain * (1 + tongue * (furrow - 1))
    return tint(rgb, k, k, k), 0.16 * deep
