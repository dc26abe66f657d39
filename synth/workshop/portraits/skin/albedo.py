"""Skin at a point of the head, before light: colour, oil, and how its relief tilts the normal.

Points are in the canonical (neutral) head's space, in cm; colours are linear RGB triples. A texel
is what `read_map` found on the face map: wrinkle groups first, three channels each, then zones.
Compiled by numba, called pixel by pixel.
"""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin import complexion, face_map, wrinkles
from synth.workshop.portraits.skin.surfaces import mix, ramp, tint

_LEFT, _BOTTOM = face_map.LEFT_CM, face_map.BOTTOM_CM
_TEXELS = float(face_map.TEXELS_PER_CM)
_FIRST_ZONE = 3 * wrinkles.NUM_GROUPS
_GROUPS = wrinkles.NUM_GROUPS
_STEEPEST = wrinkles.STEEPEST
_CREASES = wrinkles.LIP_CREASES


def _find_channels(*zones: int) -> tuple[int, ...]:
    return tuple(_FIRST_ZONE + zone for zone in zones)


_LIPS, _LIP_LINE, _LID, _RIM, _BAG = _find_channels(
    complexion.LIPS, complexion.LIP_LINE, complexion.LID, complexion.LID_RIM, complexion.BAG
)
_RED, _WARM, _COOL, _BLUSH, _MOTTLE = _find_channels(
    complexion.RED, complexion.WARM, complexion.COOL, complexion.BLUSH, complexion.MOTTLE
)
_PORES, _OIL, _SHADOW = _find_channels(complexion.PORES, complexion.OIL, complexion.EYE_SHADOW)
_FRECKLES, _AGE_SPOTS, _MOLES = _find_channels(
    complexion.FRECKLES, complexion.AGE_SPOTS, complexion.MOLES
)

#: The grain is wrapped round a cylinder of this radius and axis, so that it does not smear where
#: the head turns away from the front.
_WRAP_CM, _AXIS_CM, _SHEAR = 10.0, 1.0, 0.3
_GRAIN = complexion.GRAIN_TEXELS_PER_CM


def make_face_map(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks [68, 3] of the neutral head in cm -> int8 [height, width, channel]."""
    zones = complexion.make_zones(landmarks)
    return face_map.pack(wrinkles.make_wrinkles(zones[complexion.LIPS]) + zones)


@compile_kernel
def read_map(face, x, y, z, texel):
    """Bilinear look-up in the face map [h, w, channel] int8 -> texel [channel], -1 to 1.

    The map fades out towards the ears and is empty behind them.
    """
    tx, ty = (x - _LEFT) * _TEXELS - 0.5, (y - _BOTTOM) * _TEXELS - 0.5
    if z < 1.0 or tx < 0 or ty < 0 or tx >= face.shape[1] - 1 or ty >= face.shape[0] - 1:
        for k in range(face.shape[2]):
            texel[k] = 0.0
        return
    xi, yi = int(tx), int(ty)
    fx, fy = tx - xi, ty - yi
    scale = ramp(1.0, 3.5, z) / 127.0
    w00, w01 = (1 - fx) * (1 - fy) * scale, fx * (1 - fy) * scale
    w10, w11 = (1 - fx) * fy * scale, fx * fy * scale
    # In float32 throughout, so that the loop runs eight channels at a time.
    f00, f01, f10, f11 = np.float32(w00), np.float32(w01), np.float32(w10), np.float32(w11)
    a, b, c, d = face[yi, xi], face[yi, xi + 1], face[yi + 1, xi], face[yi + 1, xi + 1]
    for k in range(face.shape[2]):
        upper = f00 * np.float32(a[k]) + f01 * np.float32(b[k])
        texel[k] = upper + f10 * np.float32(c[k]) + f11 * np.float32(d[k])


@compile_kernel
def read_grain(grain, x, y, z, fine):
    """Bilinear, tiled look-up in the grain [n, n, 4] int8 -> fine [4], -1 to 1."""
    n = grain.shape[0]
    u = _GRAIN * _WRAP_CM * math.atan2(x, z + _AXIS_CM)
    v = _GRAIN * (y + _SHEAR * z)
    xi, yi = math.floor(u), math.floor(v)
    fx, fy = u - xi, v - yi
    x0, y0 = int(xi) % n, int(yi) % n
    x1, y1 = (x0 + 1) % n, (y0 + 1) % n
    w00, w01 = (1 - fx) * (1 - fy) / 127.0, fx * (1 - fy) / 127.0
    w10, w11 = (1 - fx) * fy / 127.0, fx * fy / 127.0
    for k in range(4):
        upper = w00 * grain[y0, x0, k] + w01 * grain[y0, x1, k]
        fine[k] = upper + w10 * grain[y1, x0, k] + w11 * grain[y1, x1, k]


@compile_kernel
def find_slope(x, z, look, texel, fine, detail):
    """Gradient of the skin's height in canonical space, [3] as a triple.

    `detail` says how much of the grain the picture can show, 0 to 1.
    """
    gx, gy = 0.0, 0.0
    for group in range(_GROUPS):
        strength = look.wrinkles[group]
        gx += strength * texel[3 * group]
        gy += strength * texel[3 * group + 1]
    gx, gy = gx * _STEEPEST, gy * _STEEPEST
    depth = z + _AXIS_CM
    around = _WRAP_CM / (x * x + depth * depth + 1.0)
    pores = detail * (0.35 + 0.65 * texel[_PORES] - 0.3 * texel[_LIPS]) * look.roughness
    su, sv = pores * fine[0], pores * fine[1]
    return gx + su * around * depth, gy + sv, -su * around * x + _SHEAR * sv


@compile_kernel
def tilt(n, slope, head_turn):
    """A unit normal in world coordinates, tilted by the slope of a relief in head coordinates."""
    t = head_turn
    g0 = t[0, 0] * slope[0] + t[0, 1] * slope[1] + t[0, 2] * slope[2]
    g1 = t[1, 0] * slope[0] + t[1, 1] * slope[1] + t[1, 2] * slope[2]
    g2 = t[2, 0] * slope[0] + t[2, 1] * slope[1] + t[2, 2] * slope[2]
    out = g0 * n[0] + g1 * n[1] + g2 * n[2]
    n0, n1, n2 = n[0] * (1 + out) - g0, n[1] * (1 + out) - g1, n[2] * (1 + out) - g2
    scale = 1 / math.sqrt(n0 * n0 + n1 * n1 + n2 * n2 + 1e-9)
    return n0 * scale, n1 * scale, n2 * scale


@compile_kernel
def find_nostril(side, y, z):
    """1 inside the nostrils, where it is dark whatever light the shadow map lets in."""
    if y < -1.0 or y > 0.8 or side < 0.3 or side > 1.4 or z < 8:
        return 0.0
    roof = 11.95 - 0.85 * (side - 0.33)
    inside = ramp(0.30, 0.42, side) * (1 - ramp(1.20, 1.36, side)) * ramp(-0.98, -0.80, y)
    return inside * (1 - ramp(roof - 0.12, roof + 0.03, z))


@compile_kernel
def paint_skin(x, y, z, look, texel, fine):
    """-> albedo, sheen, oil, and how thin (translucent) the skin is, 0 to 1."""
    tone = 0.030 * fine[3] + 0.30 * texel[_MOTTLE] * look.mottling
    rgb = tint(look.skin, 1 + 0.35 * tone, 1 + 0.75 * tone, 1 + 0.70 * tone)
    ear = ramp(7.4, 8.3, abs(x)) * ramp(-3.5, -1.5, y) * ramp(9.8, 8.8, y)
    k = look.flush * (texel[_RED] + 0.8 * ear)
    rgb = tint(rgb, 1 + 0.05 * k, 1 - 0.26 * k, 1 - 0.22 * k)
    k = look.zones * texel[_WARM]
    rgb = tint(rgb, 1.0, 1 + 0.03 * k, 1 - 0.09 * k)
    k = look.zones * texel[_COOL]
    rgb = tint(rgb, 1 - 0.09 * k, 1 - 0.035 * k, 1 - 0.01 * k)
    k = look.blush * texel[_BLUSH]
    rgb = tint(rgb, 1 + 0.03 * k, 1 - 0.30 * k, 1 - 0.24 * k)
    k = 0.42 * texel[_LID] + look.bags * texel[_BAG]
    rgb = tint(rgb, 1 - 0.30 * k, 1 - 0.46 * k, 1 - 0.42 * k)
    rgb = mix(rgb, look.shadow_tint, look.eye_shadow * texel[_SHADOW])
    k = look.freckles * texel[_FRECKLES] + look.age_spots * texel[_AGE_SPOTS]
    rgb = tint(rgb, 1 - 0.26 * k, 1 - 0.40 * k, 1 - 0.52 * k)
    k = 0.75 * look.moles * texel[_MOLES]
    rgb = tint(rgb, 1 - 0.6 * k, 1 - 0.75 * k, 1 - 0.8 * k)
    deep = 0.0
    for group in range(_GROUPS - 1):
        deep += look.wrinkles[group] * texel[3 * group + 2]
    # Light reaches a groove less, and red light most.
    deep = min(1.0, 0.45 * deep + 0.22 * max(0.0, fine[2]) * texel[_PORES] * look.roughness)
    rgb = tint(rgb, 1 - 0.42 * deep, 1 - 0.60 * deep, 1 - 0.62 * deep)
    oil = look.oil * (0.30 + 0.70 * texel[_OIL])
    sheen = 1.0 - 0.6 * deep
    lips = texel[_LIPS]
    if lips > 0.01:
        crease = 1 - 0.14 * texel[3 * _CREASES + 2] + 0.10 * fine[3]
        colour = tint(look.lips, crease, crease, crease)
        rgb = mix(rgb, colour, min(1.0, lips * look.lip_strength))
        oil += lips * (look.lip_gloss - oil)
    k = 0.80 * texel[_LIP_LINE]
    rgb = tint(rgb, 1 - 0.55 * k, 1 - 0.72 * k, 1 - 0.70 * k)
    rim = texel[_RIM]
    rgb = mix(rgb, look.rim, 0.6 * rim)
    oil += 0.25 * rim
    k = find_nostril(abs(x), y, z)
    rgb = tint(rgb, 1 - 0.72 * k, 1 - 0.86 * k, 1 - 0.88 * k)
    keep = 1 - k
    return rgb, sheen * keep, oil * keep, ear
