"""Paint of skin, lips, eyes and mouth. Compiled by numba; colours are linear RGB triples."""

from __future__ import annotations

import math

from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.paint.face_map import (
    BLUSH,
    FOREHEAD,
    FRECKLE,
    LIP,
    NUM_CHANNELS,
    SHADOW,
    STUBBLE,
    WARM,
)
from synth.workshop.portraits.paint.lighting import add_light
from synth.workshop.portraits.paint.surfaces import mix, ramp, read_map, scale

_SKIN_WRAP = (0.42, 0.24, 0.18)


@compile_kernel
def paint_skin(place, n, look, face_map, texel, pixel_cm, open_, visible, lights):
    """Skin or lips at the canonical point `place` -> outgoing light."""
    x, y, z = place
    rgb = look.skin
    gloss, exponent = look.gloss * 0.20, 13.0
    ear = ramp(6.6, 7.6, abs(x)) * ramp(6.5, 5.0, y) * ramp(-3.0, -1.0, y)
    rgb = mix(rgb, look.flush, 0.45 * ear)
    # The mouth's inside is dark.
    behind = 0.0
    if abs(x) < 4.4 and -4.7 < y < -1.0:
        behind = ramp(0.9, 1.6, 11.7 - 0.24 * x * x - z) * ramp(4.4, 4.0, abs(x))
        behind *= ramp(-4.7, -4.2, y) * ramp(-1.0, -1.6, y)
    if z > 2.0 and y > -10.5:
        read_map(face_map, x, y, texel)
        front = ramp(3.0, 6.0, z)
        rgb = mix(rgb, look.flush, front * min(0.9, look.blush * texel[BLUSH] + 0.28 * texel[WARM]))
        rgb = mix(rgb, scale(look.flush, 0.62), look.freckles * front * min(1.0, texel[FRECKLE]))
        rgb = mix(rgb, look.stubble, look.stubble_strength * front * texel[STUBBLE])
        rgb = mix(rgb, look.shadow, look.shadow_strength * front * texel[SHADOW])
        crease = 0.0
        for k in range(FOREHEAD, NUM_CHANNELS):
            crease = max(crease, look.folds[k - FOREHEAD] * texel[k])
        crease *= 0.62 * front
        rgb = (
            rgb[0] * (1 - 0.62 * crease), rgb[1] * (1 - 0.86 * crease), rgb[2] * (1 - 0.88 * crease)
        )  # fmt: skip
        soft = max(0.07, pixel_cm)
        lip = ramp(-soft, soft, texel[LIP]) * front * (1 - behind)
        if lip > 0:
            tint = scale(look.lips, 0.86 + 0.14 * ramp(0.0, 0.35, texel[LIP]))
            rgb = mix(rgb, tint, lip)
            gloss += lip * (look.lip_gloss - gloss)
            exponent = exponent + 22 * lip
    if behind > 0:
        rgb = mix(rgb, (0.06, 0.011, 0.012), behind)
        gloss *= 1 - behind
    num_lights = 2 if behind > 0.5 else 4
    return add_light(rgb, n, _SKIN_WRAP, gloss, exponent, open_, visible, lights, num_lights)


@compile_kernel
def paint_eye(e, nasal, gaze, n, look, pixel_sine, open_, visible, lights):
    """Direction e from the eye's centre, in head coordinates -> outgoing light.

    pixel_sine: one pixel across as a sine on the ball.
    """
    ex, ey, ez = e
    facing = ex * gaze[0] + ey * gaze[1] + ez * gaze[2]
    px, py, pz = ex - gaze[0] * facing, ey - gaze[1] * facing, ez - gaze[2] * facing
    r = math.sqrt(px * px + py * py + pz * pz) if facing > 0 else 1.0
    rho = r / look.iris_size
    soft = max(0.05, 1.2 * pixel_sine / look.iris_size)
    corner = ramp(0.35, 0.9, abs(ex))
    rgb = (0.78 - 0.10 * corner, 0.76 - 0.17 * corner, 0.75 - 0.17 * corner)
    rgb = mix(rgb, (0.62, 0.26, 0.22), 0.8 * ramp(0.62, 0.74, -ex * nasal))
    if rho < 1 + soft:
        # Dark above, light below, a dark rim, a pupil.
        depth = ramp(-0.9, 0.8, -py / look.iris_size)
        iris = mix(scale(look.iris, 0.45), scale(look.iris, 1.25), depth)
        iris = mix(iris, look.iris_dark, ramp(0.80 - soft, 0.90 + soft, rho))
        iris = mix((0.006, 0.006, 0.008), iris, ramp(look.pupil - soft, look.pupil + soft, rho))
        rgb = mix(iris, rgb, ramp(1 - soft, 1 + soft, rho))
    # The upper lid throws a soft shadow; the ball turns away at the corners.
    lid = 1 - 0.60 * ramp(look.lid_height - 0.34, look.lid_height + 0.02, ey)
    lid *= 1 - 0.28 * corner
    o0, o1, o2 = add_light(
        scale(rgb, lid), n, (0.5, 0.45, 0.45), 0.0, 1.0, 0.35 + 0.65 * open_, 0.3 + 0.7 * visible,
        lights, 2,
    )  # fmt: skip
    gx, gy, gz = look.glint
    away = math.sqrt((ex - gx) ** 2 + (ey - gy) ** 2 + (ez - gz) ** 2)
    edge = max(0.012, 0.7 * pixel_sine)
    glint = 1 - ramp(0.095 - edge, 0.095 + edge, away)
    power = 0.75 * (lights.colours[0, 0] + lights.sky[0])
    return o0 + power * glint, o1 + power * glint, o2 + power * glint


@compile_kernel
def paint_mouth(place, n, is_teeth, inwards, look, open_, visible, lights):
    """Teeth, or gums and tongue, `inwards` cm behind the lips -> outgoing light.

    Gum between teeth is painted as tooth: they read as one row.
    """
    x, y, z = place
    is_teeth = is_teeth or (z > 9.9 - 0.5 * x * x and -3.0 < y < -2.18)
    if is_teeth:
        rgb = mix((0.80, 0.765, 0.70), (0.09, 0.022, 0.02), ramp(0.6, 3.4, inwards))
        return add_light(
            rgb,
            n,
            (0.6, 0.6, 0.6),
            0.10,
            30.0,
            0.45 + 0.55 * open_,
            0.4 + 0.6 * visible,
            lights,
            2,
        )
    rgb = mix((0.60, 0.15, 0.16), (0.07, 0.012, 0.014), ramp(0.6, 4.6, inwards))
    return add_light(
        rgb, n, (0.4, 0.3, 0.3), 0.10, 24.0, 0.3 + 0.7 * open_, 0.35 + 0.65 * visible, lights, 2
    )
