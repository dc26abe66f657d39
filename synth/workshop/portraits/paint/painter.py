"""The painter: what the z-buffer saw -> 8-bit pixels, smooth at edges. Compiled by numba.

The z-buffer has `samples` x `samples` samples to a pixel. Where all of them see one smooth part
the pixel is painted once, in its middle; elsewhere every sample is, after which levels are averaged.
"""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits import parts
from synth.workshop.portraits.light.tone import tone
from synth.workshop.portraits.paint.face_map import LIP, NUM_CHANNELS
from synth.workshop.portraits.paint.faces import paint_eye, paint_mouth, paint_skin
from synth.workshop.portraits.paint.surfaces import mix, read_map
from synth.workshop.portraits.paint.things import paint_cloth, paint_hair, paint_plain
from synth.workshop.portraits.rasterise import compile_kernel

_SKIN, _HAIR, _BROW, _EYE = parts.SKIN, parts.HAIR, parts.BROW, parts.EYE_WHITE
_TEETH, _MOUTH, _CLOTH, _GLASSES = parts.TEETH, parts.MOUTH, parts.CLOTH, parts.GLASSES
_HAT, _EARRING, _LASHES, _BEARD = parts.HAT, parts.EARRING, parts.LASHES, parts.BEARD
#: Depths and normals of one pixel's samples that differ by less are one surface.
_STEP_CM, _TURN = 0.5, 0.25


@compile_kernel
def find_light(soft, x, y, z):
    """Light buffers soft [n, n, 3] (open, visible, depth) at pixel x, y of 0..1, for depth z."""
    size = soft.shape[0]
    u, v = x * size - 0.5, y * size - 0.5
    xi = min(size - 2, max(0, int(math.floor(u))))
    yi = min(size - 2, max(0, int(math.floor(v))))
    fx, fy = min(1.0, max(0.0, u - xi)), min(1.0, max(0.0, v - yi))
    open_ = visible = total = 0.0
    for dy in range(2):
        for dx in range(2):
            weight = (fy if dy else 1 - fy) * (fx if dx else 1 - fx) + 1e-4
            gap = soft[yi + dy, xi + dx, 2] - z
            weight /= 0.01 + gap * gap
            open_ += weight * soft[yi + dy, xi + dx, 0]
            visible += weight * soft[yi + dy, xi + dx, 1]
            total += weight
    return open_ / total, visible / total


@compile_kernel
def paint_sample(part, a, look, lights, face_map, texel, eyes, gaze, turn, pixel_cm, open_, visible):
    """One sample with attributes a [13] -> light."""
    length = 1 / math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + 1e-12)
    n = (a[0] * length, a[1] * length, a[2] * length)
    place = (a[3], a[4], a[5])
    if part == _SKIN:
        return paint_skin(place, n, look, face_map, texel, pixel_cm, open_, visible, lights)
    if part == _HAIR or part == _BEARD:
        colour = look.hair if part == _HAIR else look.beard
        deep = look.hair_deep if part == _HAIR else look.beard_deep
        gloss = look.hair_gloss if part == _HAIR else 0.4 * look.hair_gloss
        return paint_hair(colour, deep, gloss, a[9:13], place, n, turn, open_, visible, lights)
    if part == _EYE:
        k = 0 if a[3] > 0 else 1
        ex, ey, ez = a[3] - eyes[k, 0], a[4] - eyes[k, 1], a[5] - eyes[k, 2]
        ball = math.sqrt(ex * ex + ey * ey + ez * ez)
        e = (ex / ball, ey / ball, ez / ball)
        nasal = 1.0 if k == 0 else -1.0
        return paint_eye(e, nasal, gaze, n, look, pixel_cm / ball, open_, visible, lights)
    if part == _TEETH or part == _MOUTH:
        inwards = look.lip_depth - 0.9 - a[8]
        return paint_mouth(place, n, part == _TEETH, inwards, look, open_, visible, lights)
    if part == _CLOTH:
        return paint_cloth((a[9], a[10], a[11]), n, look, pixel_cm, open_, visible, lights)
    if part == _BROW:
        return paint_plain(look.brow, n, 0.05, 10.0, 0.5 + 0.5 * open_, visible, lights)
    if part == _LASHES:
        return paint_plain(look.lash, (0.0, 0.0, 1.0), 0.0, 1.0, 1.0, 1.0, lights)
    if part == _GLASSES:
        return paint_plain(look.glasses, n, 0.5, 40.0, 0.5 + 0.5 * open_, visible, lights)
    if part == _EARRING:
        return paint_plain(look.metal, n, 0.8, 24.0, open_, visible, lights)
    rgb = mix(look.hat, look.hat_band, a[9])
    return paint_plain(rgb, n, 0.05, 8.0, open_, visible, lights)


@compile_kernel
def fetch(index, weights, y, x, triangles, attributes, out):
    t = index[y, x]
    i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    w1, w2 = weights[y, x, 0], weights[y, x, 1]
    w0 = 1 - w1 - w2
    for c in range(out.shape[0]):
        out[c] = w0 * attributes[i, c] + w1 * attributes[j, c] + w2 * attributes[k, c]


@compile_kernel
def paint(
    index, weights, depth, triangles, part_of, attributes, soft, background, look, lights, face_map,
    eyes, gaze, turn, pixel_cm, curve, samples, out,
):  # fmt: skip
    """Paint all pixels: out [size, size, 3] uint8."""
    size = out.shape[0]
    texel = np.empty(NUM_CHANNELS, np.float32)
    a, first = np.empty(13, np.float32), np.empty(13, np.float32)
    for y in range(size):
        for x in range(size):
            y0, x0 = y * samples, x * samples
            t0 = index[y0, x0]
            part = part_of[t0] if t0 >= 0 else 0
            low = high = depth[y0, x0]
            one = True
            for dy in range(samples):
                for dx in range(samples):
                    t = index[y0 + dy, x0 + dx]
                    p = part_of[t] if t >= 0 else 0
                    if p != part:
                        one = False
                    z = depth[y0 + dy, x0 + dx]
                    low, high = min(low, z), max(high, z)
            if one and part == 0:
                for c in range(3):
                    out[y, x, c] = int(tone(background[y, x, c], curve) + 0.5)
                continue
            if one and high - low < _STEP_CM * max(1.0, pixel_cm * 8):
                fetch(index, weights, y0, x0, triangles, attributes, first)
                fetch(index, weights, y0 + samples - 1, x0 + samples - 1, triangles, attributes, a)
                bend = abs(a[0] - first[0]) + abs(a[1] - first[1]) + abs(a[2] - first[2])
                if bend < _TURN:
                    for c in range(13):
                        a[c] = 0.5 * (a[c] + first[c])
                    z = 0.5 * (low + high)
                    open_, visible = find_light(soft, (x + 0.5) / size, (y + 0.5) / size, z)
                    rgb = paint_sample(
                        part, a, look, lights, face_map, texel, eyes, gaze, turn, pixel_cm, open_,
                        visible,
                    )  # fmt: skip
                    for c in range(3):
                        out[y, x, c] = int(tone(rgb[c], curve) + 0.5)
                    continue
            r = g = b = 0.0
            for dy in range(samples):
                for dx in range(samples):
                    yy, xx = y0 + dy, x0 + dx
                    t = index[yy, xx]
                    if t < 0:
                        r += tone(background[y, x, 0], curve)
                        g += tone(background[y, x, 1], curve)
                        b += tone(background[y, x, 2], curve)
                        continue
                    fetch(index, weights, yy, xx, triangles, attributes, a)
                    fx, fy = (xx + 0.5) / (size * samples), (yy + 0.5) / (size * samples)
                    open_, visible = find_light(soft, fx, fy, depth[yy, xx])
                    rgb = paint_sample(
                        part_of[t], a, look, lights, face_map, texel, eyes, gaze, turn, pixel_cm,
                        open_, visible,
                    )  # fmt: skip
                    r += tone(rgb[0], curve)
                    g += tone(rgb[1], curve)
                    b += tone(rgb[2], curve)
            share = 1 / (samples * samples)
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = (
                int(r * share + 0.5), int(g * share + 0.5), int(b * share + 0.5)
            )  # fmt: skip


@compile_kernel
def label(index, weights, triangles, part_of, attributes, face_map, eyes, gaze, iris_size, labels, canonical):
    """Parts [size, size] uint8 and canonical points [size, size, 3] float32 of single samples."""
    height, width = labels.shape
    texel, a = np.empty(NUM_CHANNELS, np.float32), np.empty(13, np.float32)
    for y in range(height):
        for x in range(width):
            t = index[y, x]
            if t < 0:
                labels[y, x] = 0
                canonical[y, x, :] = np.nan
                continue
            fetch(index, weights, y, x, triangles, attributes, a)
            part = part_of[t]
            if part == _SKIN and a[5] > 2.0:
                read_map(face_map, a[3], a[4], texel)
                if texel[LIP] > 0:
                    part = parts.LIPS
            elif part == _EYE:
                k = 0 if a[3] > 0 else 1
                ex, ey, ez = a[3] - eyes[k, 0], a[4] - eyes[k, 1], a[5] - eyes[k, 2]
                ball = math.sqrt(ex * ex + ey * ey + ez * ez)
                facing = (ex * gaze[0] + ey * gaze[1] + ez * gaze[2]) / ball
                if facing > math.sqrt(1 - iris_size * iris_size):
                    part = parts.IRIS
            labels[y, x] = part
            for c in range(3):
                canonical[y, x, c] = a[3 + c]
