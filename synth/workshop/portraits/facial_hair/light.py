"""Light on the hairs of a face by what falls on the skin below. Compiled by numba.

Two terms of Kajiya and Kay (1989): diffuse light by the sine between strand and light, a highlight
by the sine between strand and half vector; both dimmed where the skin below turns away.
"""

from __future__ import annotations

import math

from synth.workshop.portraits.rasterise import compile_kernel


@compile_kernel
def light_hairs(points, screen, normals, colours, gloss, occlusion, visibility, lights, out):
    """Light strands into out [strand, point, 3].

    points [strand, point, 3] posed, cm; screen likewise, pixels; normals [strand, 3] of the skin
    they lie on; colours [strand, 3]; gloss 0 to 1; occlusion, and visibility of the key light,
    [h, w].
    """
    height, width = occlusion.shape
    count = points.shape[1]
    for s in range(points.shape[0]):
        n0, n1, n2 = normals[s, 0], normals[s, 1], normals[s, 2]
        column = min(width - 1, max(0, int(screen[s, 0, 0])))
        row = min(height - 1, max(0, int(screen[s, 0, 1])))
        o = occlusion[row, column]
        visible = 0.2 + 0.8 * visibility[row, column]
        sky = (0.55 + 0.45 * (0.5 + 0.5 * n1)) * o
        for p in range(count):
            q0, q1 = max(0, p - 1), min(count - 1, p + 1)
            t0 = points[s, q1, 0] - points[s, q0, 0]
            t1 = points[s, q1, 1] - points[s, q0, 1]
            t2 = points[s, q1, 2] - points[s, q0, 2]
            scale = 1 / math.sqrt(t0 * t0 + t1 * t1 + t2 * t2 + 1e-12)
            t0, t1, t2 = t0 * scale, t1 * scale, t2 * scale
            # Roots lie in the shade of the other hairs.
            depth = 0.62 + 0.38 * p / (count - 1)
            for c in range(3):
                out[s, p, c] = colours[s, c] * lights.ambient[c] * sky * depth
            for i in range(3):
                l0, l1 = lights.directions[i, 0], lights.directions[i, 1]
                l2 = lights.directions[i, 2]
                facing = n0 * l0 + n1 * l1 + n2 * l2
                lit = min(1.0, max(0.0, (facing + 0.35) / 1.0))
                shadow = (visible if i == 0 else 1.0) * (0.45 + 0.55 * o) * lit * depth
                if shadow <= 0:
                    continue
                along = t0 * l0 + t1 * l1 + t2 * l2
                diffuse = 0.35 * max(0.0, facing) + 0.5 * math.sqrt(max(0.0, 1 - along * along))
                h0, h1, h2 = l0, l1, l2 + 1
                scale = 1 / math.sqrt(h0 * h0 + h1 * h1 + h2 * h2 + 1e-9)
                th = (t0 * h0 + t1 * h1 + t2 * h2) * scale
                # sine ** 16 and ** 32
                sine = max(0.0, 1 - th * th) ** 8
                for c in range(3):
                    own = colours[s, c]
                    light = own * (diffuse + 0.5 * gloss * sine)
                    light += 0.05 * gloss * sine * sine * (0.25 + own)
                    out[s, p, c] += lights.colours[i, c] * shadow * light
