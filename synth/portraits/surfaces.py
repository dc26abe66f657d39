"""What skin, brows, eyes and scalp look like at a point of the head, before any light.

Points are in the canonical (neutral) head's space, in cm. Colours are linear RGB triples.
Compiled by numba, called pixel by pixel from `shading`.
"""

from __future__ import annotations

import math

from synth.portraits import paint
from synth.portraits.rasterise import compile_kernel

_LEFT, _BOTTOM = paint.LEFT_CM, paint.BOTTOM_CM
_RIGHT, _TOP = _LEFT + paint.WIDTH_CM - 0.1, _BOTTOM + paint.HEIGHT_CM - 0.1
_TEXELS = float(paint.TEXELS_PER_CM)
_LIPS, _ALONG, _ACROSS = paint.LIPS, paint.BROW_ALONG, paint.BROW_ACROSS
_BLUSH, _SHADOW, _BEARD, _BAGS = paint.BLUSH, paint.EYE_SHADOW, paint.BEARD, paint.BAGS
_CREASE = paint.LID_CREASE
_FOREHEAD, _FROWN, _FOLDS = paint.FOREHEAD_LINES, paint.FROWN_LINES, paint.CHEEK_FOLDS
_CROW, _NOSE = paint.EYE_LINES, paint.NOSE_LINES


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
def paint_skin(x, y, z, look, masks, noise, hairline):
    """Canonical point -> albedo, highlight strength, highlight exponent."""
    spots = look_up(noise, x * 22, y * 22 + z * 9, 0)
    f = 1 + 0.022 * spots
    rgb = tint(look.skin, f, f * (1 - 0.012 * spots), f * (1 - 0.015 * spots))
    gloss, exponent = look.gloss, 18.0
    if z > 2.0 and _LEFT < x < _RIGHT and _BOTTOM < y < _TOP:
        tx, ty = (x - _LEFT) * _TEXELS - 0.5, (y - _BOTTOM) * _TEXELS - 0.5
        tx, ty = max(0.0, tx), max(0.0, ty)
        xi, yi = int(tx), int(ty)
        fx, fy = tx - xi, ty - yi
        w00, w01, w10, w11 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
        a, b, c, d = masks[yi, xi], masks[yi, xi + 1], masks[yi + 1, xi], masks[yi + 1, xi + 1]
        k = look.blush * (a[_BLUSH] * w00 + b[_BLUSH] * w01 + c[_BLUSH] * w10 + d[_BLUSH] * w11)
        rgb = tint(rgb, 1 + 0.08 * k, 1 - 0.16 * k, 1 - 0.12 * k)
        k = look.eye_shadow * a[_SHADOW] + 0.5 * look.bags * a[_BAGS] + 0.32 * a[_CREASE]
        rgb = tint(rgb, 1 - 0.25 * k, 1 - 0.34 * k, 1 - 0.30 * k)
        k = (
            look.forehead_lines * a[_FOREHEAD]
            + look.frown_lines * a[_FROWN]
            + look.cheek_folds * a[_FOLDS]
            + look.eye_lines * a[_CROW]
            + look.nose_lines * a[_NOSE]
        )
        k = min(1.0, k)
        rgb = tint(rgb, 1 - 0.36 * k, 1 - 0.48 * k, 1 - 0.48 * k)
        if look.freckles > 0:
            k = ramp(1.1, 2.2, look_up(noise, x * 42 + 131, y * 42 + 17, 2))
            k *= look.freckles * a[_BLUSH]
            rgb = tint(rgb, 1 - 0.2 * k, 1 - 0.35 * k, 1 - 0.4 * k)
        if look.beard > 0:
            grain = 0.5 * look_up(noise, x * 48 + 7, y * 30, 2)
            grain += 0.5 * look_up(noise, x * 18 + 7, y * 18, 0)
            k = min(0.90, max(0.0, a[_BEARD] * min(1.0, look.beard * (1 + 0.22 * grain))))
            rgb = mix(rgb, tint(look.brow, 1.3, 1.3, 1.3), k)
            gloss *= 1 - 0.7 * k
        lips = a[_LIPS] * w00 + b[_LIPS] * w01 + c[_LIPS] * w10 + d[_LIPS] * w11
        if lips > 0:
            grain = 1 + 0.05 * look_up(noise, x * 90, y * 12, 2)
            rgb = mix(rgb, tint(look.lips, grain, grain, grain), lips * look.lip_strength)
            gloss += 0.10 * lips
            exponent += 14 * lips
        along = a[_ALONG]
        across = a[_ACROSS] * w00 + b[_ACROSS] * w01 + c[_ACROSS] * w10 + d[_ACROSS] * w11
        if -0.3 < along < 1.3 and abs(across) < 1.3 and z > 5:
            k = find_brow(along, across, look, noise)
            rgb = mix(rgb, look.brow, k)
            gloss *= 1 - 0.7 * k
    if y > 6 or (y > -6 and z < 6):
        k = find_roots(x, y, z, hairline, noise)
        rgb = mix(rgb, tint(look.hair, 0.55, 0.55, 0.55), k)
        gloss *= 1 - 0.8 * k
    return rgb, gloss, exponent


@compile_kernel
def find_brow(along, across, look, noise):
    """Opacity of the brow at its own coordinates: strands rise inside and lie down outside."""
    half = look.brow_thickness * (1.0 - 0.62 * along) * (0.55 + 0.45 * ramp(-0.1, 0.25, along))
    half *= ramp(-0.16, 0.02, along) * (1 - ramp(0.86, 1.12, along))
    lean = across - look.brow_height * along
    strand = look_up(noise, along * 150 + lean * 60, lean * 10, 2)
    edge = abs(lean) - half - 0.03 * strand
    soft = (1 - ramp(-0.20, 0.12, edge)) * ramp(0.02, 0.10, half)
    return soft * look.brow_density * min(1.0, max(0.0, 0.85 + 0.12 * strand))


@compile_kernel
def paint_eye(ex, ey, ez, gaze, look, noise):
    """Direction from the eye's centre -> albedo of sclera, iris and pupil."""
    facing = ex * gaze[0] + ey * gaze[1] + ez * gaze[2]
    dx, dy, dz = ex - gaze[0] * facing, ey - gaze[1] * facing, ez - gaze[2] * facing
    r = math.sqrt(dx * dx + dy * dy + dz * dz) if facing > 0 else 1.0
    angle = math.atan2(dy, dx)
    veins = ramp(0.45, 0.95, r)
    rgb = tint((0.62, 0.585, 0.57), 1 - 0.10 * veins, 1 - 0.25 * veins, 1 - 0.25 * veins)
    fibres = 1 + 0.20 * look_up(noise, angle * 38, r * 60, 2)
    shade = fibres * (1 - 0.65 * ramp(0.31, 0.43, r)) * (1 + 0.25 * ramp(0.36, 0.18, r))
    # Light gathers opposite the key light, at the lower rim.
    shade *= 0.85 + 0.6 * max(0.0, -dy)
    iris = tint(look.iris, shade, shade, shade)
    iris = mix(iris, (0.006, 0.006, 0.006), 1 - ramp(look.pupil - 0.02, look.pupil + 0.03, r))
    rgb = mix(rgb, iris, 1 - ramp(0.41, 0.455, r))
    # The upper lid and the corners throw a soft shadow.
    lid = (1 - 0.55 * ramp(-0.05, 0.42, ey)) * (1 - 0.35 * ramp(0.45, 0.95, abs(ex)))
    return tint(rgb, lid, lid, lid)
