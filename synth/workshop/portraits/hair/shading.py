"""Light on strands, and the shadow they throw. Compiled by numba.

Two shifted highlights of a strand (Kajiya and Kay 1989; Marschner et al. 2003), light through it
from behind, and darkness inside the hair by depth. Colours are linear RGB.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from synth.workshop.portraits.rasterise import compile_kernel
from synth.workshop.portraits.skin.surfaces import ramp

#: Coverage from which on hair counts as closed; where thinner, it counts as lying deeper.
DENSE, FADE_CM, BLUR_CM = 1.5, 1.6, 0.22


class Veil(NamedTuple):
    """Hair as seen from somewhere: cover [h, w] layers of strands; middle [h, w] their depth."""

    cover: np.ndarray
    middle: np.ndarray


def make_veil(texels: np.ndarray, width_cm: float, texels_per_cm: float, size: int) -> Veil:
    """Soft sum of strands `texels` [strand, point, 3] of width_cm on size x size texels."""
    cover, total = np.zeros((2, size, size), np.float32)
    splat_points(texels, width_cm * texels_per_cm, cover, total)
    sigma = BLUR_CM * texels_per_cm
    cover, total = cv2.GaussianBlur(cover, (0, 0), sigma), cv2.GaussianBlur(total, (0, 0), sigma)
    return Veil(cover, total / np.maximum(cover, 1e-4))


def add_hair_depth(veil: Veil, depth: np.ndarray) -> np.ndarray:
    """Depth [h, w], nearer where hair is dense; thin hair counts as lying deeper."""
    hair = veil.middle - FADE_CM * np.maximum(0, 1 - veil.cover / DENSE)
    return np.where(veil.cover > 0.1, np.maximum(depth, hair), depth)


def find_veiled(veil: Veil, seen: np.ndarray) -> np.ndarray:
    """Share of light left at points seen [h, w, 3], in texels and depth, behind the hair."""
    x, y = (np.ascontiguousarray(seen[..., k] - 0.5, np.float32) for k in range(2))
    cover = cv2.remap(veil.cover, x, y, cv2.INTER_LINEAR)
    middle = cv2.remap(veil.middle, x, y, cv2.INTER_LINEAR)
    behind = np.clip((middle - seen[..., 2] - 0.15) / 0.6, 0, 1)
    return 1 - behind * (1 - np.exp(-0.55 * cover))


@compile_kernel
def splat_points(texels, area, cover, total):
    """Add what strands cover [h, w], and their depth times that [h, w]."""
    height, width = cover.shape
    for s in range(texels.shape[0]):
        for p in range(1, texels.shape[1]):
            x0, y0, z0 = texels[s, p - 1, 0], texels[s, p - 1, 1], texels[s, p - 1, 2]
            dx, dy, dz = texels[s, p, 0] - x0, texels[s, p, 1] - y0, texels[s, p, 2] - z0
            length = math.sqrt(dx * dx + dy * dy)
            # Long segments leave no gaps.
            pieces = min(8, int(length) + 1)
            for k in range(pieces):
                t = (k + 0.5) / pieces
                xi, yi = math.floor(x0 + t * dx), math.floor(y0 + t * dy)
                if 0 <= xi < width and 0 <= yi < height:
                    share = area * length / pieces
                    cover[yi, xi] += share
                    total[yi, xi] += share * (z0 + t * dz)


@compile_kernel
def find_transmission(shadow_depth, x, y, z):
    """Share of the key light left after the hair in front: falls with depth, bilinear."""
    size = shadow_depth.shape[0]
    x, y = x - 0.5, y - 0.5
    xi, yi = math.floor(x), math.floor(y)
    if not (0 <= xi < size - 1 and 0 <= yi < size - 1):
        return 1.0
    fx, fy = x - xi, y - yi
    total = 0.0
    for dy in range(2):
        for dx in range(2):
            weight = (fx if dx else 1 - fx) * (fy if dy else 1 - fy)
            total += weight * math.exp(-0.9 * max(0.0, shadow_depth[yi + dy, xi + dx] - z - 0.1))
    return total


@compile_kernel
def shade_strands(
    points, screen, outward, grown, height, chance, lock_chance, base_depth,
    shadow_depth, shadow_matrix, openness, look, lights, colours, opacities,
):  # fmt: skip
    """Colour and opacity of every strand point that may be seen.

    points and outward [strand, point, 3] posed, cm; screen [strand, point, 3];
    openness [h, w] as for skin; colours [strand, point, 3];
    opacities [strand, point].
    """
    size_y, size_x = base_depth.shape
    scale_y, scale_x = openness.shape[0] / size_y, openness.shape[1] / size_x
    last = points.shape[1] - 1
    thickest = 0.25
    for s in range(points.shape[0]):
        thickest = max(thickest, height[s])
    for s in range(points.shape[0]):
        own, shared = chance[s, 7] - 0.5, lock_chance[s] - 0.5
        tone = math.exp(0.35 * own + 0.35 * shared)
        layer = 0.30 + 0.70 * min(1.0, height[s] / (0.8 * thickest))
        length = 0.0
        for p in range(last + 1):
            xi, yi = int(screen[s, p, 0]), int(screen[s, p, 1])
            opacities[s, p] = 0.0
            q = p + 1 if p < last else p
            t0 = points[s, q, 0] - points[s, q - 1, 0]
            t1 = points[s, q, 1] - points[s, q - 1, 1]
            t2 = points[s, q, 2] - points[s, q - 1, 2]
            size = math.sqrt(t0 * t0 + t1 * t1 + t2 * t2) + 1e-6
            if p > 0:
                length += size
            # A strand goes on beyond the picture's edge.
            if not (-size_x < 8 * xi < 9 * size_x and -size_y < 8 * yi < 9 * size_y):
                continue
            xi, yi = min(max(xi, 0), size_x - 1), min(max(yi, 0), size_y - 1)
            if screen[s, p, 2] < base_depth[yi, xi] - 2.5:
                continue
            t = p / last
            opacities[s, p] = 0.9 * grown[s] * (1 - 0.75 * ramp(0.65, 1.0, t))
            root = max(ramp(0.0, 2.2, length), 0.8 * ramp(0.1, 0.8, t))
            o = (0.35 + 0.65 * root) * (0.35 + 0.65 * layer)
            o *= 0.35 + 0.65 * openness[int(yi * scale_y), int(xi * scale_x)]
            f = tone * (0.70 + 0.30 * ramp(0.0, 4.0, length)) * (1 + 0.25 * ramp(0.5, 1.0, t))
            shift = 0.16 * own + 0.22 * shared
            n = (outward[s, p, 0], outward[s, p, 1], outward[s, p, 2])
            light = light_strand(
                points[s, p], n, (t0 / size, t1 / size, t2 / size), shift, o, f,
                shadow_depth, shadow_matrix, look, lights,
            )  # fmt: skip
            colours[s, p, 0], colours[s, p, 1], colours[s, p, 2] = light


@compile_kernel
def light_strand(point, n, t, shift, o, f, shadow_depth, shadow_matrix, look, lights):
    """Outgoing light of a strand point with outward direction n and tangent t."""
    m = shadow_matrix
    x, y, z = point[0], point[1], point[2]
    visible = find_transmission(
        shadow_depth,
        m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3],
        m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3],
        m[2, 0] * x + m[2, 1] * y + m[2, 2] * z,
    )
    # Darker hair swallows more of what enters it.
    r, g, b = look.hair[0] * f, look.hair[1] * f, look.hair[2] * f
    sky = (0.6 + 0.4 * (0.5 + 0.5 * n[1])) * o
    o0, o1, o2 = (
        r * lights.ambient[0] * sky,
        g * lights.ambient[1] * sky,
        b * lights.ambient[2] * sky,
    )
    for i in range(lights.directions.shape[0]):
        l0, l1, l2 = lights.directions[i, 0], lights.directions[i, 1], lights.directions[i, 2]
        facing = n[0] * l0 + n[1] * l1 + n[2] * l2
        along = t[0] * l0 + t[1] * l1 + t[2] * l2
        lit = min(1.0, max(0.0, 0.65 * facing + 0.35))
        diffuse = lit * (0.45 + 0.55 * math.sqrt(max(0.0, 1 - along * along)))
        shadow = (visible if i == 0 else 1.0) * (0.3 + 0.7 * o)
        h0, h1, h2 = l0, l1, l2 + 1
        scale = 1 / math.sqrt(h0 * h0 + h1 * h1 + h2 * h2 + 1e-9)
        across = (t[0] * h0 + t[1] * h1 + t[2] * h2) * scale
        half_lit = min(1.0, max(0.0, facing * 1.6 + 0.4))
        first = find_lobe(across + 0.09 + shift, 70.0) * half_lit * 0.24 * look.hair_gloss
        second = find_lobe(across - 0.13 + shift, 16.0) * half_lit * 1.5 * look.hair_gloss
        through = 1.2 * max(0.0, -l2) ** 2 * max(0.0, 0.3 + facing)
        k = diffuse + second + through
        o0 += lights.colours[i, 0] * shadow * (r * k + first * (0.16 + 1.3 * r))
        o1 += lights.colours[i, 1] * shadow * (g * k + first * (0.16 + 1.3 * g))
        o2 += lights.colours[i, 2] * shadow * (b * k + first * (0.16 + 1.3 * b))
    return o0, o1, o2


@compile_kernel
def find_lobe(across, exponent):
    """A strand's highlight: sine of the angle to the strand, to a power."""
    return math.exp(0.5 * exponent * math.log(max(1e-4, 1 - min(0.999, across * across))))
