"""Light on all surfaces, pixel by pixel. Compiled by numba.

Skin and eyes are lit by `skin_light` and `eyes`; teeth and cloth by a Blinn-Phong highlight with
Fresnel weight; hair in `hair.shading`. Buffers are [h, w, k] float32 in linear RGB.
"""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.shape.head_model import EYE_LEFT, EYE_RIGHT, GUMS, SKIN, TEETH
from synth.workshop.portraits.skin.albedo import find_slope, paint_skin, read_grain, read_map, tilt
from synth.workshop.portraits.skin.eyes import shade_eye
from synth.workshop.portraits.skin.mouth import paint_gums, paint_teeth
from synth.workshop.portraits.skin.skin_light import light_skin
from synth.workshop.portraits.skin.surfaces import paint_growth, ramp
from synth.workshop.portraits.worn.cloth import paint_cloth


@compile_kernel
def add_light(rgb, n, wrap, gloss, exponent, occlusion, visible, lights):
    """Ambient, key, fill and rim on a surface with normal n -> outgoing colour."""
    sky = (0.55 + 0.45 * (0.5 + 0.5 * n[1])) * occlusion
    open_ = 0.45 + 0.55 * occlusion
    o0 = rgb[0] * lights.ambient[0] * sky
    o1 = rgb[1] * lights.ambient[1] * sky
    o2 = rgb[2] * lights.ambient[2] * sky
    fresnel = 0.35 + 0.65 * (1 - max(0.0, n[2])) ** 3
    for i in range(3):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        facing = n[0] * l0 + n[1] * l1 + n[2] * l2
        shadow = visible if i == 0 else 1.0
        lit = max(0.0, (facing + wrap) / (1 + wrap)) * shadow * open_
        o0 += rgb[0] * lights.colours[i, 0] * lit
        o1 += rgb[1] * lights.colours[i, 1] * lit
        o2 += rgb[2] * lights.colours[i, 2] * lit
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
    material, surface, occlusion, visibility, face_map, grain, beard, noise, hairline,
    eye_centres, gaze, head_turn, look, lights, image,
):  # fmt: skip
    """Shade all pixels of head and torso into image [h, w, 3].

    material [h, w] int8, -1 none; surface [h, w, 9] normal, canonical point, posed point;
    occlusion and visibility [h, w], 0 to 1: how open to the sky, how much key light arrives.
    """
    height, width = material.shape
    texel, fine = np.empty(face_map.shape[2], np.float32), np.empty(4, np.float32)
    detail = ramp(150.0, 1100.0, width)
    for y in range(height):
        for x in range(width):
            m = material[y, x]
            if m < 0:
                continue
            s = surface[y, x]
            scale = 1 / math.sqrt(s[0] * s[0] + s[1] * s[1] + s[2] * s[2] + 1e-12)
            n = (s[0] * scale, s[1] * scale, s[2] * scale)
            cx, cy, cz = s[3], s[4], s[5]
            visible = visibility[y, x]
            o = occlusion[y, x]
            wrap, gloss, exponent = 0.3, 0.0, 18.0
            if m == SKIN:
                read_map(face_map, cx, cy, cz, texel)
                read_grain(grain, cx, cy, cz, fine)
                slope = find_slope(cx, cz, look, texel, fine, detail)
                relief = tilt(n, slope, head_turn)
                rgb, sheen, oil, thin = paint_skin(cx, cy, cz, look, texel, fine)
                rgb, bare = paint_growth(rgb, cx, cy, cz, look, beard, noise, hairline)
                o0, o1, o2 = light_skin(
                    rgb, n, relief, sheen * bare, oil * bare, thin, (cx, cy, cz), o, visible, lights
                )
            elif m in (EYE_LEFT, EYE_RIGHT):
                k = 0 if m == EYE_LEFT else 1
                ex, ey, ez = cx - eye_centres[k, 0], cy - eye_centres[k, 1], cz - eye_centres[k, 2]
                scale = 1 / math.sqrt(ex * ex + ey * ey + ez * ez)
                e = (ex * scale, ey * scale, ez * scale)
                nasal = 1.0 if k == 0 else -1.0
                o0, o1, o2 = shade_eye(e, nasal, gaze, head_turn, look, noise, o, visible, lights)
            else:
                if m == GUMS:
                    inwards = look.lip_depth - 1.2 - s[8]
                    rgb, gloss = paint_gums(cx, cy, cz, inwards, noise)
                    exponent = 30.0
                elif m == TEETH:
                    rgb, gloss = paint_teeth(cx, cy, cz, look.lip_depth - 1.0 - s[8], noise)
                    exponent, o = 45.0, 0.3 + 0.7 * o
                else:
                    rgb, n = paint_cloth(cx, cy, cz, n, look, noise)
                    wrap = 0.12
                    scale = 1 / math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
                    n = (n[0] * scale, n[1] * scale, n[2] * scale)
                o0, o1, o2 = add_light(rgb, n, wrap, gloss, exponent, o, visible, lights)
            image[y, x, 0], image[y, x, 1], image[y, x, 2] = o0, o1, o2
