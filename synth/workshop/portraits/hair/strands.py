"""Hair drawn strand by strand: thin translucent lines over a picture, hidden by what is nearer.

A strand is a row of points on screen (pixels and depth, y down, depth grows towards the viewer)
with a width in pixels and a linear RGB colour and opacity per point. Strands thinner than a pixel
cover it in part, so that thin hair stays smooth without drawing larger. Compiled by numba.
"""

from __future__ import annotations

import math

import numpy as np

from synth.workshop.portraits.rasterise import compile_kernel


def sort_strands(screen: np.ndarray) -> np.ndarray:
    """Order [strand] in which to draw strands `screen` [strand, point, 3]: the farthest first."""
    return np.argsort(screen[:, :, 2].mean(1), kind="stable")


@compile_kernel
def draw_strands(screen, widths, colours, opacities, order, depth, bias, image):
    """Blend strands over image [h, w, 3] in `order` [strand].

    screen [strand, point, 3]; widths [strand, point] px; colours [strand, point, 3];
    opacities [strand, point]; depth [h, w] of what is already there: a strand is hidden where it
    lies more than `bias` cm behind it, and dense strands move it nearer.
    """
    height, width = depth.shape
    for k in range(order.shape[0]):
        s = order[k]
        for p in range(screen.shape[1] - 1):
            x0, y0, z0 = screen[s, p, 0], screen[s, p, 1], screen[s, p, 2]
            x1, y1, z1 = screen[s, p + 1, 0], screen[s, p + 1, 1], screen[s, p + 1, 2]
            if max(x0, x1) < -2 or min(x0, x1) > width + 2:
                continue
            if max(y0, y1) < -2 or min(y0, y1) > height + 2:
                continue
            if opacities[s, p] <= 0 and opacities[s, p + 1] <= 0:
                continue
            dx, dy = x1 - x0, y1 - y0
            steep = abs(dy) > abs(dx)
            # a runs along the longer axis, b across.
            a0, a1 = (y0, y1) if steep else (x0, x1)
            b0, b1 = (x0, x1) if steep else (y0, y1)
            run = a1 - a0
            if abs(run) < 1e-6:
                continue
            slope = (b1 - b0) / run
            # What a step across measures at right angles to the line.
            lean = 1 / math.sqrt(1 + slope * slope)
            first = math.ceil(min(a0, a1) - 0.5)
            last = math.ceil(max(a0, a1) - 0.5) - 1
            for a in range(max(first, 0), min(last, (height if steep else width) - 1) + 1):
                t = (a + 0.5 - a0) / run
                centre = b0 + (b1 - b0) * t
                half = 0.5 * (widths[s, p] * (1 - t) + widths[s, p + 1] * t)
                opacity = opacities[s, p] * (1 - t) + opacities[s, p + 1] * t
                z = z0 * (1 - t) + z1 * t
                reach = (half + 0.5) / lean
                low = math.ceil(centre - reach - 0.5)
                high = math.floor(centre + reach - 0.5)
                for b in range(max(low, 0), min(high, (width if steep else height) - 1) + 1):
                    x, y = (b, a) if steep else (a, b)
                    if z < depth[y, x] - bias:
                        continue
                    gap = abs(b + 0.5 - centre) * lean
                    # Overlap of the line's width with the pixel's.
                    cover = min(gap + 0.5, half) - max(gap - 0.5, -half)
                    alpha = opacity * max(0.0, min(1.0, cover))
                    if alpha <= 0.002:
                        continue
                    for c in range(3):
                        colour = colours[s, p, c] * (1 - t) + colours[s, p + 1, c] * t
                        image[y, x, c] += alpha * (colour - image[y, x, c])
                    if alpha > 0.5 and z > depth[y, x]:
                        depth[y, x] = z
