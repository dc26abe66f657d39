"""Grow strands from their roots: combed over the scalp, pulled down, kept outside the head.

All lengths in cm, in the space of the neutral head. Compiled by numba. `style` is a
`styles.Style`; `chance` holds a root's fixed uniform numbers.
"""

from __future__ import annotations

import math

from synth.workshop.portraits.hair.scalp import NECK_LEAN, find_place, read_map
from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin.surfaces import ramp
from synth.workshop.portraits.worn.body import CENTRE, GREATEST_DEG, LEAST_DEG

NUM_POINTS = 26
BODY_X, BODY_Y, BODY_Z = map(float, CENTRE)
#: Where hair turns on the crown, and where it is tied.
WHORL = (1.2, 13.0, -4.0)
KNOT = (0.0, 5.5, -10.5)
BROWS_CM = 6.7
SKULL_RADIUS_CM = 9.4


@compile_kernel
def find_line(hairline, x, z):
    """Height of the hairline above or below a point."""
    place = (math.atan2(x, z - 0.8) + math.pi) / (2 * math.pi) * hairline.shape[0]
    low = int(place) % hairline.shape[0]
    share = place - int(place)
    return hairline[low] * (1 - share) + hairline[(low + 1) % hairline.shape[0]] * share


@compile_kernel
def find_forehead(x, y, z, above):
    """How much a root belongs to the fringe, 0 to 1."""
    angle = abs(math.degrees(math.atan2(x, z - 0.8)))
    return (1 - ramp(38, 56, angle)) * (1 - ramp(2.2, 5.0, above)) * ramp(8.0, 9.5, y)


@compile_kernel
def find_length(x, y, z, row, above, chance, style):
    """How long a root's strand is, and how much of it is tied."""
    top = ramp(4.0, 9.0, y)
    forehead = find_forehead(x, y, z, above)
    to_brows = 1.25 * max(0.0, y - BROWS_CM) + 0.4 + 1.8 * (chance[2] - 0.5)
    short = (style.sides + (style.top - style.sides) * top) * (0.7 + 0.6 * chance[2])
    forward = style.fringe * (1 - style.back) * forehead
    short += forward * (min(short, to_brows + 0.5) - short)
    end = style.end + (1.6 + 2.4 * style.long) * (chance[3] - 0.35)
    over = SKULL_RADIUS_CM * 0.5 * math.pi * max(0.0, 1 - row / 30)
    hanging = max(short, over + min(y, 4.0) - end)
    hanging += forward * (to_brows - hanging)
    tied = style.back
    knot = math.sqrt((x - KNOT[0]) ** 2 + (y - KNOT[1]) ** 2 + (z - KNOT[2]) ** 2) * 1.02
    hanging += tied * (min(hanging, knot) - hanging)
    length = short + style.long * (hanging - short)
    # The hairline begins in short, fine hair.
    full = ramp(0.0, 1.1, above + 0.8 * (chance[4] - 0.5) + 0.7 * forward)
    fine = min(length, 0.8 + 1.4 * chance[2])
    return fine + full * (length - fine), tied


@compile_kernel
def find_thickness(y, length, tied, chance, style):
    """How far a strand lies above the scalp once it has risen."""
    top = ramp(4.5, 10.0, y)
    short = (0.10 + 0.35 * style.lift) * (1 - top) + (0.30 + 1.7 * style.lift) * top
    short *= min(1.0, length / 4)
    long = 0.60 + 1.35 * style.lift
    long += tied * (0.25 + 0.55 * style.lift - long)
    full = (short + style.long * (long - short)) * (1 - 0.3 * style.sleek)
    full += 1.1 * style.curl * (1 - 0.7 * tied) * min(1.0, length / 5)
    return full * (0.15 + 0.85 * math.sqrt(chance[1]))


@compile_kernel
def find_combing(x, y, z, root, forward, tied, along, style):
    """Which way hair is combed at a point (not of unit length)."""
    top, front = ramp(4.5, 9.5, y), ramp(-4.0, 1.0, root[2])
    wx, wy, wz = x - WHORL[0], y - WHORL[1], z - WHORL[2]
    scale = 1 / (math.sqrt(wx * wx + wy * wy + wz * wz) + 0.5)
    # Long hair never falls straight over the face.
    wz = min(wz, wz * (1 - style.long * (1 - forward)))
    wx, wy, wz = wx * scale, wy * scale, wz * scale
    away = math.tanh((root[0] - style.parting) / 0.7)
    across = front * (1 - forward) * top
    dx = wx + across * (away - wx)
    dy = wy + across * (0.0 - wy)
    dz = wz + across * (0.15 - 0.55 * style.long - wz)
    # Short hair that is not worn forward stands up at the front and goes back.
    upright = (1 - style.fringe) * (1 - style.long) * top * front
    stand = 0.3 + 0.5 * style.lift * ramp(0.5, 4.5, root[2]) * (1 - ramp(3.5, 6.5, abs(root[0])))
    dx += upright * (0.75 * away - dx)
    dy += upright * stand
    dz += upright * (-0.75 - dz)
    # At the sides it lies down and back.
    aside = (1 - top) * (1 - style.long)
    dy -= 0.9 * aside
    dz -= 0.5 * aside
    bx, by, bz = KNOT[0] - x, KNOT[1] - y, KNOT[2] - z
    scale = 1 / (math.sqrt(bx * bx + by * by + bz * bz) + 0.5)
    hang = style.long * (1 - tied)
    bx, by, bz = bx * scale, by * scale + 0.35 * top, bz * scale
    back = style.back if style.back < tied else tied
    back += (1 - style.long) * (style.back - back)
    dx, dy, dz = dx + back * (bx - dx), dy + back * (by - dy), dz + back * (bz - dz)
    # Off the forehead first, then down, and straight down below the skull.
    angle = abs(math.degrees(math.atan2(x, z - 0.8)))
    fall = hang * (1 - (1 - forward) * ramp(0.5, 3.0, z) * (1 - ramp(22, 48, angle)))
    level = 1 - fall * (1 - ramp(-1.0, 6.0, y))
    dx, dz = dx * level, dz * level
    dy -= fall * (0.25 + 1.5 * ramp(1.0, 7.0, along)) + 0.5 * forward
    dy += 0.35 * (hang - fall) * (1 - ramp(0.5, 4.0, along))
    return dx, dy, dz


@compile_kernel
def grow_strand(
    root, frame_chance, length, tied, forward, full, style, radius, body_radius, points
):  # fmt: skip
    """Fill points [point, 3] of one strand, from root to tip."""
    x, y, z = root[0], root[1], root[2]
    points[0, 0], points[0, 1], points[0, 2] = x, y, z
    azimuth, row, far, nx, ny, nz = find_place(x, y, z)
    step = length / (points.shape[0] - 1)
    upright = (1 - style.fringe) * (1 - style.long) * ramp(4.5, 9.5, y) * ramp(-1.0, 5.0, z)
    upright *= (1 - style.back) * style.lift * (1 - ramp(3.5, 6.5, abs(x)))
    vx, vy, vz = find_combing(x, y, z, root, forward, tied, 0.0, style)
    flat = 0.35 + 0.5 * style.long
    vx, vy, vz = flat * vx + nx, flat * vy + ny, flat * vz + nz
    keep_face = style.long * (1 - forward) * (1 - tied)
    rise = 0.45 + 0.6 * full + style.long * (0.5 + 0.5 * full)
    for p in range(1, points.shape[0]):
        along = (p - 0.5) * step
        dx, dy, dz = find_combing(x, y, z, root, forward, tied, along, style)
        out = dx * nx + dy * ny + dz * nz
        taken = out * (0.9 - 0.55 * upright) if row < 30 else min(0.0, out)
        lift = (0.7 - 0.4 * style.long) * math.exp(-along / rise) * (1 + 0.8 * upright)
        dx, dy, dz = dx + (lift - taken) * nx, dy + (lift - taken) * ny, dz + (lift - taken) * nz
        scale = 1 / (math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-3)
        turn = 1 - math.exp(-step / 0.8)
        vx += turn * (dx * scale - vx)
        vy += turn * (dy * scale - vy)
        vz += turn * (dz * scale - vz)
        scale = step / (math.sqrt(vx * vx + vy * vy + vz * vz) + 1e-3)
        x, y, z = x + vx * scale, y + vy * scale, z + vz * scale
        if keep_face > 0 and y < 10:
            x, z = part_from_face(x, y, z, root[0] - style.parting, frame_chance, keep_face)
        azimuth, row, far, nx, ny, nz = find_place(x, y, z)
        aside = (abs(math.degrees(math.atan2(x, z - 0.5))) - 92) / 20
        ear = 1.5 * math.exp(-aside * aside - ((y - 1.5) / 4.5) ** 2) * style.long * (1 - tied)
        height = far - read_map(radius, azimuth, row) - ear
        lowest = full * (1 - math.exp(-along / rise))
        gap = max(0.0, lowest - height)
        gap -= max(0.0, height - lowest - 0.15) * (1 - upright) * (1 - ramp(26, 34, row)) * 0.6
        x, y, z = x + nx * gap, y + ny * gap, z + nz * gap
        if y < -8:
            x, y, z = keep_off_body(x, y, z, 0.5 + 0.7 * full, body_radius)
        points[p, 0], points[p, 1], points[p, 2] = x, y, z


@compile_kernel
def keep_off_body(x, y, z, gap, body_radius):
    """Push a point out of the shoulders: body_radius [azimuth, angle] from the body's centre."""
    qx, qy, qz = x - BODY_X, y - BODY_Y, z - BODY_Z
    far = math.sqrt(qx * qx + qy * qy + qz * qz) + 1e-6
    angle = math.degrees(math.acos(qy / far))
    row = (angle - LEAST_DEG) / (GREATEST_DEG - LEAST_DEG) * (body_radius.shape[1] - 1)
    column = (math.atan2(qx, qz) + math.pi) / (2 * math.pi) * body_radius.shape[0]
    push = max(0.0, read_map(body_radius, column, row) + gap - far) / far
    return x + qx * push, y + qy * push, z + qz * push


@compile_kernel
def part_from_face(x, y, z, side, chance, strength):
    """Turn a point of hanging hair aside, so that it frames the face; returns x and z."""
    axis = 0.8 + NECK_LEAN * min(0.0, y - 4.0)
    angle = math.atan2(x, z - axis)
    sign = 1.0 if angle + 0.4 * math.tanh(side / 0.7) > 0 else -1.0
    least = math.radians(47 + 24 * chance) * (1 - ramp(6.0, 10.0, y))
    lack = least - sign * angle
    if abs(angle) >= least:
        return x, z
    far = math.sqrt(x * x + (z - axis) ** 2)
    angle += sign * lack * 0.35 * strength
    return far * math.sin(angle), axis + far * math.cos(angle)


@compile_kernel
def grow_hair(
    position, chance, large, number, style, hairline, radius, body_radius, points, grown, full
):  # fmt: skip
    """Grow the first `number` strands: points [strand, point, 3], grown [strand] 0 none to 1,
    full [strand] height above the scalp."""
    for s in range(number):
        root, luck = position[s], chance[s]
        x, y, z = root[0], root[1], root[2]
        above = y - find_line(hairline, x, z)
        there = ramp(-0.55, 0.85, above + 0.6 * (luck[0] - 0.5))
        loss = style.thin * (0.35 + 0.65 * ramp(5.0, 11.0, y))
        there *= 1 - ramp(luck[6] - 0.08, luck[6] + 0.08, loss)
        grown[s] = there
        if there <= 0.01:
            continue
        row = find_place(x, y, z)[1]
        length, tied = find_length(x, y, z, row, above, luck, style)
        forehead = find_forehead(x, y, z, above)
        wide = forehead + (1 - style.long) * (ramp(4.5, 9.5, y) - forehead)
        forward = style.fringe * (1 - style.back) * wide
        full[s] = find_thickness(y, length, tied, luck, style)
        frame = chance[large[s]][3]
        grow_strand(
            root, frame, length, tied, forward, full[s], style, radius, body_radius, points[s]
        )  # fmt: skip


@compile_kernel
def gather_locks(points, chance, large, small, grown, number, style, gathered):
    """Draw strands together towards the tips of those that lead their locks."""
    last = points.shape[1] - 1
    for s in range(number):
        if grown[s] <= 0.01:
            continue
        a, b = large[s], small[s]
        loose = ramp(0.80, 0.95, chance[s, 5])
        near_a = find_likeness(points[s], points[a]) * (grown[a] > 0.1) * (1 - loose)
        near_b = find_likeness(points[s], points[b]) * (grown[b] > 0.1) * (1 - 0.7 * loose)
        for p in range(points.shape[1]):
            t = p / last
            wide = near_a * (0.15 + 0.30 * style.curl) * t
            fine = near_b * (0.75 - 0.25 * style.sleek) * t**0.8
            for c in range(3):
                x = points[s, p, c]
                x += fine * (points[b, p, c] - x)
                gathered[s, p, c] = x + wide * (points[a, p, c] - x)


@compile_kernel
def find_likeness(strand, leader):
    """1 where two strands run the same way, 0 where they part."""
    last = strand.shape[0] - 1
    dot, one, other, gap = 0.0, 1e-6, 1e-6, 0.0
    for c in range(3):
        u, v = strand[last, c] - strand[0, c], leader[last, c] - leader[0, c]
        dot, one, other = dot + u * v, one + u * u, other + v * v
        gap += (strand[last, c] - leader[last, c]) ** 2
    alike = ramp(0.5, 0.9, dot / math.sqrt(one * other))
    return alike * (1 - ramp(4.0, 16.0, gap))


@compile_kernel
def curl_strands(points, chance, large, small, grown, number, style):
    """Waves, curls, frizz and loose hairs, in place."""
    count = points.shape[1]
    for s in range(number):
        if grown[s] <= 0.01:
            continue
        luck, a, b = chance[s], chance[large[s]], chance[small[s]]
        wave_cm = 6.0 - 3.6 * style.curl + 1.2 * a[6]
        smooth = max(style.sleek, 0.8 * style.back)
        height = (0.04 + 0.55 * style.curl) * (0.6 + 0.8 * b[7]) * (1 - 0.8 * smooth)
        phase = 2 * math.pi * (a[4] + 0.25 * b[5] + 0.10 * luck[5])
        stray = ramp(0.90, 1.0, luck[4]) * (0.8 - 0.6 * smooth)
        along = 0.0
        x0, y0, z0 = points[s, 0, 0], points[s, 0, 1], points[s, 0, 2]
        for p in range(1, count):
            x, y, z = points[s, p, 0], points[s, p, 1], points[s, p, 2]
            tx, ty, tz = x - x0, y - y0, z - z0
            size = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-5
            along += size
            x0, y0, z0 = x, y, z
            out = find_place(x, y, z)
            nx, ny, nz = out[3], out[4], out[5]
            bx, by, bz = (ty * nz - tz * ny) / size, (tz * nx - tx * nz) / size, 0.0
            bz = (tx * ny - ty * nx) / size
            grow = ramp(0.0, 4.0, along)
            turn = 2 * math.pi * along / wave_cm + phase
            aside, up = height * grow * math.cos(turn), height * grow * 0.7 * math.sin(turn)
            # Locks stray a little from their course; single hairs stray more.
            aside += 0.8 * (b[2] - 0.5) * ramp(0.5, 9.0, along) * (1 - 0.7 * smooth)
            up += stray * ramp(0.0, 5.0, along) * (0.35 + luck[7])
            aside += stray * math.sin(1.3 * along + 6.3 * luck[3]) * ramp(0.0, 4.0, along) * 0.5
            points[s, p, 0] = x + bx * aside + nx * up
            points[s, p, 1] = y + by * aside + ny * up
            points[s, p, 2] = z + bz * aside + nz * up


@compile_kernel
def move_with_skin(points, grown, number, offsets, outward):
    """Move strands by the scalp's offsets [azimuth, row, 3], in place; outward [strand, point, 3]
    becomes the direction away from the head."""
    for s in range(number):
        if grown[s] <= 0.01:
            continue
        for p in range(points.shape[1]):
            place = find_place(points[s, p, 0], points[s, p, 1], points[s, p, 2])
            outward[s, p, 0], outward[s, p, 1], outward[s, p, 2] = place[3], place[4], place[5]
            for c in range(3):
                points[s, p, c] += read_map(offsets[:, :, c], place[0], place[1])
