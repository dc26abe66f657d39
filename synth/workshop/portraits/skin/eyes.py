"""Eyes: iris under a wet cornea, sclera as a shaded ball, lit by the studio. Compiled by numba.

Directions are in head coordinates, colours linear RGB triples.
"""

from __future__ import annotations

import math

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin.surfaces import look_up, mix, ramp, tint

#: Half the iris across, as the sine of its angle: 11.7 mm on this model's eyeball.
IRIS = 0.372
#: How much steeper the cornea is than the eyeball.
_CORNEA = 1.55


@compile_kernel
def _paint_sclera(ex, ey, nasal, noise):
    """Not white: warmer to the corners, with veins and the pink of the inner corner."""
    corner = ramp(0.30, 0.85, abs(ex))
    vein = look_up(noise, ex * 60 + 31 * nasal, ey * 110, 0)
    vein = (1 - ramp(0.0, 0.16, abs(vein))) * ramp(0.40, 0.75, abs(ex))
    pink = 0.10 + 0.42 * corner + 0.30 * vein
    rgb = tint((0.37, 0.345, 0.325), 1 - 0.08 * pink, 1 - 0.58 * pink, 1 - 0.62 * pink)
    return mix(rgb, (0.42, 0.17, 0.15), 0.85 * ramp(0.60, 0.76, -ex * nasal))


@compile_kernel
def _paint_iris(rho, angle, look, noise):
    """Radial fibres, a lighter ruff round the pupil, a dark limbal ring; rho 1 is the rim."""
    turn = angle / (2 * math.pi) * 512
    fibre = 0.6 * look_up(noise, turn, rho * 9, 2) + 0.5 * look_up(noise, turn * 2, rho * 22, 2)
    fibre += 0.35 * look_up(noise, turn, rho * 5 + 90, 0)
    ruff = math.exp(-(((rho - 0.50 - 0.02 * fibre) / 0.13) ** 2))
    shade = (1 + 0.26 * fibre) * (0.85 + 0.40 * ruff)
    rgb = mix(look.iris, look.iris_inner, 0.75 * (1 - ramp(0.45, 0.68, rho + 0.03 * fibre)))
    shade *= 1 - 0.80 * ramp(0.74, 1.0, rho)
    rgb = tint(rgb, shade, shade, shade)
    return mix(rgb, (0.004, 0.004, 0.004), 1 - ramp(look.pupil - 0.04, look.pupil + 0.05, rho))


@compile_kernel
def shade_eye(e, nasal, gaze, head_turn, look, noise, open_, visible, lights):
    """Direction e from the eye's centre -> outgoing colour.

    nasal is +1 for the eye on the viewer's right, whose inner corner lies at negative x; head_turn
    [3, 3] turns head into world coordinates; open_ and visible are the pixel's ambient occlusion
    and share of key light.
    """
    ex, ey, ez = e
    facing = ex * gaze[0] + ey * gaze[1] + ez * gaze[2]
    px, py, pz = ex - gaze[0] * facing, ey - gaze[1] * facing, ez - gaze[2] * facing
    r = math.sqrt(px * px + py * py + pz * pz) if facing > 0 else 1.0
    # The cornea bulges: its normal leans further out than the eyeball's.
    dome = 1 - ramp(IRIS * 0.95, IRIS * 1.35, r)
    lean = 1 + (_CORNEA - 1) * dome
    qx, qy, qz = px * lean, py * lean, pz * lean
    rise = math.sqrt(max(0.0, 1 - qx * qx - qy * qy - qz * qz)) if facing > 0 else facing
    hx, hy, hz = gaze[0] * rise + qx, gaze[1] * rise + qy, gaze[2] * rise + qz
    t = head_turn
    nx = t[0, 0] * hx + t[0, 1] * hy + t[0, 2] * hz
    ny = t[1, 0] * hx + t[1, 1] * hy + t[1, 2] * hz
    nz = t[2, 0] * hx + t[2, 1] * hy + t[2, 2] * hz
    bx, by = t[0, 0] * ex + t[0, 1] * ey + t[0, 2] * ez, t[1, 0] * ex + t[1, 1] * ey + t[1, 2] * ez
    bz = t[2, 0] * ex + t[2, 1] * ey + t[2, 2] * ez
    rgb = _paint_sclera(ex, ey, nasal, noise)
    rho = r / IRIS
    gathered = 1.0
    if rho < 1.15:
        # Seen through the cornea the iris lies deeper: shift it against the view.
        vx, vy = t[2, 0] - gaze[0] * t[2, 2], t[2, 1] - gaze[1] * t[2, 2]
        sx, sy = px - 0.05 * vx * dome, py - 0.05 * vy * dome
        inner = math.sqrt(sx * sx + sy * sy + pz * pz) / IRIS
        iris = _paint_iris(inner, math.atan2(sy, sx), look, noise)
        # Light gathers opposite the key.
        k0, k1 = lights.directions[0, 0], lights.directions[0, 1]
        across = (sx * k0 + sy * k1) / (IRIS * math.sqrt(k0 * k0 + k1 * k1 + 1e-4))
        gathered = 0.58 + 0.85 * ramp(0.1, 1.0, -across) * (1 - ramp(0.85, 1.0, inner))
        share = 1 - ramp(0.93, 1.08, rho)
        rgb = mix(rgb, tint(iris, gathered, gathered, gathered), share)
    # The upper lid and its lashes throw a soft shadow; the ball turns away at the corners.
    lid = 1 - 0.80 * ramp(look.lid_height - 0.30, look.lid_height + 0.04, ey)
    lid *= 1 - 0.55 * ramp(0.25, 0.90, abs(ex))
    lid *= 1 - 0.35 * ramp(0.16, 0.42, -ey)
    ambient = (0.25 + 0.75 * open_) * lid
    o0 = rgb[0] * lights.ambient[0] * ambient
    o1 = rgb[1] * lights.ambient[1] * ambient
    o2 = rgb[2] * lights.ambient[2] * ambient
    glint_open = 0.35 + 0.65 * lid
    for i in range(2):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        shadow = 0.40 + 0.60 * visible if i == 0 else 1.0
        lit = max(0.0, (bx * l0 + by * l1 + bz * l2 + 0.25) / 1.25) * shadow * lid
        lit *= 0.35 + 0.65 * open_
        back = 2 * nz
        towards = (back * nx) * l0 + (back * ny) * l1 + (back * nz - 1) * l2
        if i == 0:
            # A softbox: bright in the middle, with a soft edge.
            glint = 3.2 * ramp(0.945, 0.985, towards) * glint_open * (0.55 + 0.45 * visible)
        else:
            glint = 0.30 * ramp(0.93, 0.985, towards) * glint_open
        o0 += lights.colours[i, 0] * (rgb[0] * lit + glint * 0.5)
        o1 += lights.colours[i, 1] * (rgb[1] * lit + glint * 0.5)
        o2 += lights.colours[i, 2] * (rgb[2] * lit + glint * 0.5)
    # The room mirrors faintly in the wet surface.
    room = 0.022 * (0.4 + 0.6 * ramp(-0.2, 0.8, ny)) * lid * (1 + 2 * (1 - max(0.0, nz)) ** 3)
    return o0 + room, o1 + room, o2 + room
