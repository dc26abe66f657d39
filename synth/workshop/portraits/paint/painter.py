"""The painter: what the z-buffer saw -> 8-bit pixels, smooth at edges. Compiled by numba.

The z-buffer has `samples` x `samples` samples to a pixel. Where all of them see one smooth part
the pixel is painted once, in its middle; elsewhere every sample is, and levels are averaged.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from synth.workshop.portraits import parts
from synth.workshop.portraits.kernels import compile_kernel
from synth.workshop.portraits.light.lights import Lights
from synth.workshop.portraits.light.tone import tone
from synth.workshop.portraits.paint.face_map import LIP, NUM_CHANNELS
from synth.workshop.portraits.paint.faces import paint_eye, paint_mouth, paint_skin
from synth.workshop.portraits.paint.look import Look
from synth.workshop.portraits.paint.surfaces import mix, read_map
from synth.workshop.portraits.paint.things import paint_cloth, paint_hair, paint_plain

_SKIN, _LIPS, _HAIR, _BROW = parts.SKIN, parts.LIPS, parts.HAIR, parts.BROW
_EYE, _IRIS, _TEETH, _MOUTH = parts.EYE_WHITE, parts.IRIS, parts.TEETH, parts.MOUTH
_CLOTH, _GLASSES, _EARRING = parts.CLOTH, parts.GLASSES, parts.EARRING
_LASHES, _BEARD = parts.LASHES, parts.BEARD
NUM_ATTRIBUTES = 13
#: Depths and normals of one pixel's samples that differ by less are one surface.
_STEP_CM, _TURN = 0.5, 0.25


class Seen(NamedTuple):
    """Z-buffer index, weights and depth (see `rasterise.Drawn`); triangles [triangle, 3] and the
    part of each; attributes [vertex, 13]: normal, canonical point, posed point, aux."""

    index: np.ndarray
    weights: np.ndarray
    depth: np.ndarray
    triangles: np.ndarray
    part_of: np.ndarray
    attributes: np.ndarray


class Sitter(NamedTuple):
    """Who is painted in which light: eyes [2, 3] centres on the neutral head; gaze [3] in head
    coordinates; turn [3, 3] from head to world; soft light [n, n, 3] as `find_light` reads it."""

    look: Look
    lights: Lights
    face_map: np.ndarray
    eyes: np.ndarray
    gaze: np.ndarray
    turn: np.ndarray
    soft: np.ndarray


@compile_kernel
def find_light(soft, x, y, z):
    """Soft light [n, n, 3] (open, visible, depth) at x, y of 0 to 1, at depth z -> open, visible.

    Bilinear, but among neighbours of similar depth.
    """
    size = soft.shape[0]
    u, v = x * size - 0.5, y * size - 0.5
    xi = min(size - 2, max(0, math.floor(u)))
    yi = min(size - 2, max(0, math.floor(v)))
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
def paint_sample(part, a, sitter, texel, pixel_cm, open_, visible):
    """One sample of a part with attributes a [13] -> light; texel [channel] is scratch."""
    look, lights = sitter.look, sitter.lights
    length = 1 / math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + 1e-12)
    n = (a[0] * length, a[1] * length, a[2] * length)
    place = (a[3], a[4], a[5])
    if part == _SKIN:
        return paint_skin(
            place, n, look, sitter.face_map, texel, pixel_cm, open_, visible, lights
        )  # fmt: skip
    if part in (_HAIR, _BEARD):
        colour = look.hair if part == _HAIR else look.beard
        deep = look.hair_deep if part == _HAIR else look.beard_deep
        gloss = look.hair_gloss if part == _HAIR else 0.4 * look.hair_gloss
        return paint_hair(
            colour, deep, gloss, a[9:13], place, n, sitter.turn, open_, visible, lights
        )  # fmt: skip
    if part == _EYE:
        ex, ey, ez, ball = find_on_eye(a, sitter.eyes)
        nasal = 1.0 if a[3] > 0 else -1.0
        pixel_sine = pixel_cm / ball
        return paint_eye(
            (ex, ey, ez), nasal, sitter.gaze, n, look, pixel_sine, open_, visible, lights
        )  # fmt: skip
    if part in (_TEETH, _MOUTH):
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
def find_on_eye(a, eyes):
    """Attributes a [13] of a point on an eyeball -> unit direction from its centre, its radius."""
    k = 0 if a[3] > 0 else 1
    ex, ey, ez = a[3] - eyes[k, 0], a[4] - eyes[k, 1], a[5] - eyes[k, 2]
    ball = math.sqrt(ex * ex + ey * ey + ez * ez)
    return ex / ball, ey / ball, ez / ball, ball


@compile_kernel
def fetch(seen, y, x, out):
    """Attributes [13] of the sample at row y and column x, which sees something -> out."""
    t = seen.index[y, x]
    i, j, k = seen.triangles[t, 0], seen.triangles[t, 1], seen.triangles[t, 2]
    w1, w2 = seen.weights[y, x, 0], seen.weights[y, x, 1]
    w0 = 1 - w1 - w2
    values = seen.attributes
    for c in range(out.shape[0]):
        out[c] = w0 * values[i, c] + w1 * values[j, c] + w2 * values[k, c]


@compile_kernel
def find_part(seen, y0, x0, samples, step_cm):
    """Which part all samples of a pixel see, its first at y0, x0; -1 where it is not one surface.

    -> part, middle depth.
    """
    first = seen.index[y0, x0]
    part = seen.part_of[first] if first >= 0 else 0
    low = high = seen.depth[y0, x0]
    for dy in range(samples):
        for dx in range(samples):
            t = seen.index[y0 + dy, x0 + dx]
            if (seen.part_of[t] if t >= 0 else 0) != part:
                return -1, 0.0
            z = seen.depth[y0 + dy, x0 + dx]
            low, high = min(low, z), max(high, z)
    if part != 0 and high - low >= step_cm:
        return -1, 0.0
    return part, 0.5 * (low + high)


@compile_kernel
def paint(seen, sitter, background, pixel_cm, curve, samples, out):
    """Paint all pixels: out [size, size, 3] uint8; background [size, size, 3] linear light."""
    size = out.shape[0]
    texel = np.empty(NUM_CHANNELS, np.float32)
    a, b = np.empty(NUM_ATTRIBUTES, np.float32), np.empty(NUM_ATTRIBUTES, np.float32)
    step_cm = _STEP_CM * max(1.0, pixel_cm * 8)
    last, share = samples - 1, 1 / (samples * samples)
    for y in range(size):
        for x in range(size):
            y0, x0 = y * samples, x * samples
            part, z = find_part(seen, y0, x0, samples, step_cm)
            if part == 0:
                for c in range(3):
                    out[y, x, c] = int(tone(background[y, x, c], curve) + 0.5)
                continue
            if part > 0:
                fetch(seen, y0, x0, b)
                fetch(seen, y0 + last, x0 + last, a)
                if abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]) < _TURN:
                    for c in range(NUM_ATTRIBUTES):
                        a[c] = 0.5 * (a[c] + b[c])
                    open_, visible = find_light(sitter.soft, (x + 0.5) / size, (y + 0.5) / size, z)
                    rgb = paint_sample(part, a, sitter, texel, pixel_cm, open_, visible)
                    for c in range(3):
                        out[y, x, c] = int(tone(rgb[c], curve) + 0.5)
                    continue
            level = [0.0, 0.0, 0.0]
            for sample in range(samples * samples):
                yy, xx = y0 + sample // samples, x0 + sample % samples
                t = seen.index[yy, xx]
                rgb = (background[y, x, 0], background[y, x, 1], background[y, x, 2])
                if t >= 0:
                    fetch(seen, yy, xx, a)
                    fx, fy = (xx + 0.5) / (size * samples), (yy + 0.5) / (size * samples)
                    open_, visible = find_light(sitter.soft, fx, fy, seen.depth[yy, xx])
                    rgb = paint_sample(
                        seen.part_of[t], a, sitter, texel, pixel_cm, open_, visible
                    )  # fmt: skip
                for c in range(3):
                    level[c] += tone(rgb[c], curve)
            for c in range(3):
                out[y, x, c] = int(level[c] * share + 0.5)


@compile_kernel
def label(seen, sitter, labels, canonical):
    """Parts [size, size] uint8 and canonical points [size, size, 3] float32 of single samples."""
    height, width = labels.shape
    texel = np.empty(NUM_CHANNELS, np.float32)
    a = np.empty(NUM_ATTRIBUTES, np.float32)
    looks = math.sqrt(1 - sitter.look.iris_size**2)
    gaze = sitter.gaze
    for y in range(height):
        for x in range(width):
            t = seen.index[y, x]
            if t < 0:
                labels[y, x] = 0
                canonical[y, x, :] = np.nan
                continue
            fetch(seen, y, x, a)
            part = seen.part_of[t]
            if part == _SKIN and a[5] > 2.0:
                read_map(sitter.face_map, a[3], a[4], texel)
                if texel[LIP] > 0:
                    part = _LIPS
            elif part == _EYE:
                ex, ey, ez, _ = find_on_eye(a, sitter.eyes)
                if ex * gaze[0] + ey * gaze[1] + ez * gaze[2] > looks:
                    part = _IRIS
            labels[y, x] = part
            for c in range(3):
                canonical[y, x, c] = a[3 + c]
