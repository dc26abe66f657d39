"""Light on skin, eyes, teeth, cloth and hair, pixel by pixel. Compiled by numba.

Skin: wrapped diffuse with a wider red lobe (a cheap stand-in for subsurface scattering) and a
Blinn-Phong highlight with Fresnel weight; hair: two shifted Kajiya-Kay lobes (Kajiya and Kay 1989,
Marschner et al. 2003). Buffers are [h, w, k] float32 in linear RGB.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from synth.training import paint
from synth.training.head_model import CLOTH, EYE_LEFT, EYE_RIGHT, GUMS, SKIN, TEETH
from synth.training.rasterise import compile_kernel, find_visibility

inline_kernel = numba.njit(fastmath=True, cache=True, nogil=True, inline="never")
(_LEFT, _BOTTOM) = (paint.LEFT_CM, paint.BOTTOM_CM)
_RIGHT, _TOP = _LEFT + paint.WIDTH_CM - 0.1, _BOTTOM + paint.HEIGHT_CM - 0.1
_TEXELS = float(paint.TEXELS_PER_CM)
_CHANNELS = paint.NUM_CHANNELS
_LIPS, _ALONG, _ACROSS = paint.LIPS, paint.BROW_ALONG, paint.BROW_ACROSS
_BLUSH, _SHADOW, _BEARD, _BAGS = paint.BLUSH, paint.EYE_SHADOW, paint.BEARD, paint.BAGS
_CREASE = paint.LID_CREASE
_FOREHEAD, _FROWN, _FOLDS = paint.FOREHEAD_LINES, paint.FROWN_LINES, paint.CHEEK_FOLDS
_CROW, _NOSE = paint.EYE_LINES, paint.NOSE_LINES


@inline_kernel
def ramp(low, high, x):
    """Smoothstep from `low` to `high`."""
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


@inline_kernel
def look_up(noise, x, y, k):
    """Bilinear, tiled noise texture [n, n, 3] at texel x, y."""
    n = noise.shape[0]
    xi, yi = int(math.floor(x)), int(math.floor(y))
    fx, fy = x - xi, y - yi
    xi, yi = xi % n, yi % n
    x1, y1 = (xi + 1) % n, (yi + 1) % n
    upper = noise[yi, xi, k] * (1 - fx) + noise[yi, x1, k] * fx
    lower = noise[y1, xi, k] * (1 - fx) + noise[y1, x1, k] * fx
    return upper * (1 - fy) + lower * fy


@inline_kernel
def tint(rgb, r, g, b):
    """Multiply a colour."""
    return (rgb[0] * r, rgb[1] * g, rgb[2] * b)


@inline_kernel
def mix(rgb, other, share):
    """Blend a colour with another."""
    keep = 1 - share
    return (
        rgb[0] * keep + other[0] * share,
        rgb[1] * keep + other[1] * share,
        rgb[2] * keep + other[2] * share,
    )


@inline_kernel
def find_roots(x, y, z, hairline, noise):
    """How densely hair roots cover the scalp at a canonical point, 0 to 1."""
    azimuth = math.atan2(x, z - 0.8)
    place = (azimuth + math.pi) / (2 * math.pi) * hairline.shape[0]
    low = int(place) % hairline.shape[0]
    share = place - int(place)
    line = hairline[low] * (1 - share) + hairline[(low + 1) % hairline.shape[0]] * share
    strand = look_up(noise, azimuth * 210, y * 7, 2)
    return 0.90 * ramp(-0.8, 1.6, y - line + 0.22 * strand)


@inline_kernel
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


@inline_kernel
def find_brow(along, across, look, noise):
    """Opacity of the brow at its own coordinates: strands rise inside and lie down outside."""
    half = look.brow_thickness * (1.0 - 0.62 * along) * (0.55 + 0.45 * ramp(-0.1, 0.25, along))
    half *= ramp(-0.16, 0.02, along) * (1 - ramp(0.86, 1.12, along))
    lean = across - look.brow_height * along
    strand = look_up(noise, along * 150 + lean * 60, lean * 10, 2)
    edge = abs(lean) - half - 0.03 * strand
    soft = (1 - ramp(-0.20, 0.12, edge)) * ramp(0.02, 0.10, half)
    return soft * look.brow_density * min(1.0, max(0.0, 0.85 + 0.12 * strand))


@inline_kernel
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


@inline_kernel
def add_light(rgb, n, wrap, scatter, gloss, exponent, occlusion, visible, lights):
    """Ambient, key, fill and rim on a surface with normal n -> outgoing colour."""
    sky = (0.55 + 0.45 * (0.5 + 0.5 * n[1])) * occlusion
    open_ = 0.45 + 0.55 * occlusion
    # Light that enters the skin reddens the edge of a shadow.
    red_visible = math.sqrt(visible) * (0.5 + 0.5 * visible) if scatter and visible < 1 else visible
    o0 = rgb[0] * lights.ambient[0] * sky
    o1 = rgb[1] * lights.ambient[1] * sky
    o2 = rgb[2] * lights.ambient[2] * sky
    fresnel = 0.35 + 0.65 * (1 - max(0.0, n[2])) ** 3
    for i in range(3):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        facing = n[0] * l0 + n[1] * l1 + n[2] * l2
        shadow = visible if i == 0 else 1.0
        d0 = d1 = max(0.0, (facing + wrap) / (1 + wrap))
        if scatter:
            d0 = 0.55 * d0 + 0.45 * max(0.0, (facing + 0.42) / 1.42)
            d1 = 0.60 * d1 + 0.40 * max(0.0, (facing + 0.16) / 1.16)
        red_shadow = red_visible if i == 0 else 1.0
        o0 += rgb[0] * lights.colours[i, 0] * d0 * red_shadow * open_
        o1 += rgb[1] * lights.colours[i, 1] * d1 * shadow * open_
        o2 += rgb[2] * lights.colours[i, 2] * d1 * shadow * open_
        if gloss > 0 and facing > 0:
            h0, h1, h2 = l0, l1, l2 + 1
            scale = 1 / math.sqrt(h0 * h0 + h1 * h1 + h2 * h2 + 1e-9)
            cosine = (n[0] * h0 + n[1] * h1 + n[2] * h2) * scale
            # Below this the highlight is under a ten-thousandth.
            if cosine > 0.6:
                k = gloss * math.exp(exponent * math.log(cosine)) * fresnel * shadow
                k *= (exponent + 8) / 26 * (0.3 + 0.7 * occlusion)
                o0 += lights.colours[i, 0] * k
                o1 += lights.colours[i, 1] * k
                o2 += lights.colours[i, 2] * k
    return o0, o1, o2


@compile_kernel
def shade_base(
    material, surface, occlusion, shadow_depth, shadow_matrix, masks, noise, hairline,
    eye_centres, gaze, look, lights, image,
):  # fmt: skip
    """Shade all pixels of head and torso into image [h, w, 3].

    material [h, w] int8, -1 none; surface [h, w, 9] normal, canonical point, posed point.
    """
    height, width = material.shape
    for y in range(height):
        for x in range(width):
            m = material[y, x]
            if m < 0:
                continue
            s = surface[y, x]
            scale = 1 / math.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2] + 1e-12)
            n = (s[0] * scale, s[1] * scale, s[2] * scale)
            cx, cy, cz = s[3], s[4], s[5]
            visible = find_visibility(
                shadow_depth,
                shadow_matrix[0, 0] * s[6] + shadow_matrix[0, 1] * s[7]
                + shadow_matrix[0, 2] * s[8] + shadow_matrix[0, 3],
                shadow_matrix[1, 0] * s[6] + shadow_matrix[1, 1] * s[7]
                + shadow_matrix[1, 2] * s[8] + shadow_matrix[1, 3],
                shadow_matrix[2, 0] * s[6] + shadow_matrix[2, 1] * s[7]
                + shadow_matrix[2, 2] * s[8],
                1.2,
            )  # fmt: skip
            o = occlusion[y, x]
            wrap, scatter, gloss, exponent = 0.3, False, 0.0, 18.0
            if m == SKIN:
                rgb, gloss, exponent = paint_skin(cx, cy, cz, look, masks, noise, hairline)
                wrap, scatter = 0.28, True
            elif m == GUMS:
                k = math.exp(-max(0.0, look.lip_depth - 1.2 - s[8]) * 0.45)
                rgb, gloss, exponent = (0.50 * k, 0.17 * k, 0.17 * k), 0.12 * k, 25.0
            elif m == TEETH:
                k = math.exp(-max(0.0, look.lip_depth - 1.0 - s[8]) * 0.34)
                k *= 1 - 0.45 * (cx / 3.2) ** 2
                rgb, gloss, exponent = (0.70 * k, 0.66 * k, 0.57 * k), 0.12 * k, 40.0
                o = 0.4 + 0.6 * o
            elif m == EYE_LEFT or m == EYE_RIGHT:
                k = 0 if m == EYE_LEFT else 1
                ex, ey, ez = cx - eye_centres[k, 0], cy - eye_centres[k, 1], cz - eye_centres[k, 2]
                scale = 1 / math.sqrt(ex * ex + ey * ey + ez * ez)
                rgb = paint_eye(ex * scale, ey * scale, ez * scale, gaze, look, noise)
                wrap, gloss, exponent = 0.5, 0.30, 240.0
                o, visible = 0.35 + 0.65 * o, 0.45 + 0.55 * visible
            else:
                weave = 1 + 0.06 * look_up(noise, cx * 14, cy * 20 + cz * 9, 0)
                rgb, wrap = tint(look.cloth, weave, weave, weave), 0.12
            o0, o1, o2 = add_light(rgb, n, wrap, scatter, gloss, exponent, o, visible, lights)
            image[y, x, 0], image[y, x, 1], image[y, x, 2] = o0, o1, o2


@compile_kernel
def shade_hair(
    covered, surface, occlusion, shadow_depth, shadow_matrix, noise, look, lights, image
):
    """Blend the hair layer over image [h, w, 3].

    covered [h, w] bool; surface [h, w, 12]: normal, canonical point, posed point, azimuth,
    step along the path, opacity.
    """
    height, width = covered.shape
    for y in range(height):
        for x in range(width):
            if not covered[y, x]:
                continue
            s = surface[y, x]
            scale = 1 / math.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2] + 1e-12)
            n0, n1, n2 = s[0] * scale, s[1] * scale, s[2] * scale
            inside = n2 < 0
            if inside:
                n0, n1, n2 = -n0, -n1, -n2
            qx, qz = s[3] - look.parting, s[5] - 1.0
            radius = math.sqrt(qx * qx + qz * qz) + 0.6
            angle, step = math.atan2(qx, qz), s[10]
            lock = look_up(noise, angle * 26, step * 26, 0)
            strand = look_up(noise, angle * 95 + 10 * step, step * 30 + 3, 2)
            opacity = s[11] + 0.22 * strand + 0.10 * lock
            # Loose strands let the background through at the silhouette.
            opacity -= 0.30 * (1 - ramp(0.0, 0.16, abs(n2))) * (1 + 0.5 * strand)
            alpha = ramp(0.10, 0.85, opacity)
            if alpha <= 0:
                continue
            # Strands run down the surface, away from the parting.
            t0, t1, t2 = 0.6 * qx / radius, -0.8, 0.6 * qz / radius
            dot = t0 * n0 + t1 * n1 + t2 * n2
            t0, t1, t2 = t0 - dot * n0, t1 - dot * n1, t2 - dot * n2
            scale = 1 / math.sqrt(t0 * t0 + t1 * t1 + t2 * t2 + 1e-9)
            shift = 0.10 * lock + 0.06 * strand
            t0, t1, t2 = t0 * scale + shift * n0, t1 * scale + shift * n1, t2 * scale + shift * n2
            visible = 0.3 + 0.7 * find_visibility(
                shadow_depth,
                shadow_matrix[0, 0] * s[6] + shadow_matrix[0, 1] * s[7]
                + shadow_matrix[0, 2] * s[8] + shadow_matrix[0, 3],
                shadow_matrix[1, 0] * s[6] + shadow_matrix[1, 1] * s[7]
                + shadow_matrix[1, 2] * s[8] + shadow_matrix[1, 3],
                shadow_matrix[2, 0] * s[6] + shadow_matrix[2, 1] * s[7]
                + shadow_matrix[2, 2] * s[8],
                1.2,
            )  # fmt: skip
            f = max(0.35, 1 + 0.17 * lock + 0.13 * strand) * (0.75 + 0.35 * ramp(0.0, 0.5, step))
            if inside:
                f *= 0.45
            rgb = tint(look.hair, f, f, f)
            o = occlusion[y, x]
            sky = (0.55 + 0.45 * (0.5 + 0.5 * n1)) * o
            o0 = rgb[0] * lights.ambient[0] * sky
            o1 = rgb[1] * lights.ambient[1] * sky
            o2 = rgb[2] * lights.ambient[2] * sky
            for i in range(3):
                l0, l1 = lights.directions[i, 0], lights.directions[i, 1]
                l2 = lights.directions[i, 2]
                facing = n0 * l0 + n1 * l1 + n2 * l2
                along = t0 * l0 + t1 * l1 + t2 * l2
                half_lit = min(1.0, max(0.0, facing * 2 + 0.5))
                diffuse = 0.65 * max(0.0, (facing + 0.35) / 1.35)
                diffuse += 0.35 * math.sqrt(max(0.0, 1 - along * along)) * half_lit
                shadow = (visible if i == 0 else 1.0) * (0.45 + 0.55 * o)
                h0, h1, h2 = l0, l1, l2 + 1
                scale = 1 / math.sqrt(h0 * h0 + h1 * h1 + h2 * h2 + 1e-9)
                th = (t0 * h0 + t1 * h1 + t2 * h2) * scale
                sine = math.sqrt(max(0.0, 1 - th * th))
                white = 0.14 * look.hair_gloss * sine**60 * half_lit
                tinted = 0.45 * look.hair_gloss * sine**14 * half_lit
                o0 += (
                    lights.colours[i, 0]
                    * shadow
                    * (rgb[0] * (diffuse + tinted) + white * (0.2 + rgb[0]))
                )
                o1 += (
                    lights.colours[i, 1]
                    * shadow
                    * (rgb[1] * (diffuse + tinted) + white * (0.2 + rgb[1]))
                )
                o2 += (
                    lights.colours[i, 2]
                    * shadow
                    * (rgb[2] * (diffuse + tinted) + white * (0.2 + rgb[2]))
                )
            image[y, x, 0] += alpha * (o0 - image[y, x, 0])
            image[y, x, 1] += alpha * (o1 - image[y, x, 1])
            image[y, x, 2] += alpha * (o2 - image[y, x, 2])


def apply_tone_curve(image: np.ndarray) -> np.ndarray:
    """Linear RGB [h, w, 3] -> sRGB uint8 by a filmic curve that rolls off instead of clipping.

    The curve is Narkowicz's fit of the ACES reference tone curve (2015).
    """
    x = np.maximum(image, 0) * 0.62
    x = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    # A curve per channel adds saturation: take some back.
    grey = x @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    x = 0.84 * x + 0.16 * grey[..., None]
    encoded = np.where(x < 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)
