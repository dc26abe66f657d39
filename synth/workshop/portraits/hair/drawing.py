"""Posed hair -> pixels."""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits.hair.combing import PosedHair
from synth.workshop.portraits.hair.shading import shade_strands
from synth.workshop.portraits.hair.strands import draw_strands, sort_strands
from synth.workshop.portraits.light.lights import Lights
from synth.workshop.portraits.light.shadows import ShadowMap
from synth.workshop.portraits.looks import Look

#: Strands up to this far behind the skin still show: the neutral skull is not every skull.
HIDDEN_CM = 0.25


def draw_hair(
    hair: PosedHair,
    px_per_cm: float,
    depth: np.ndarray,
    shadow: ShadowMap,
    openness: np.ndarray,
    look: Look,
    lights: Lights,
    image: np.ndarray,
) -> None:
    """Shade strands and blend them over image [h, w, 3]; depth [h, w] of what is there."""
    combed, screen = hair.combed, hair.screen
    count, steps = screen.shape[:2]
    colours = np.zeros((count, steps, 3), np.float32)
    opacities = np.zeros((count, steps), np.float32)
    shade_strands(
        hair.points, screen, hair.outward, combed.grown, combed.height, combed.chance,
        combed.lock_chance, depth, shadow.depth, shadow.matrix, openness, look, lights,
        colours, opacities,
    )  # fmt: skip
    width_px = hair.width_cm * px_per_cm
    along = np.linspace(0, 1, steps, dtype=np.float32)
    taper = (0.75 + 0.25 * np.clip(along * 6, 0, 1)) * (1 - 0.65 * np.clip(along * 2 - 1, 0, 1))
    # Hair begins fine at the hairline.
    own = (0.75 + 0.5 * combed.chance[:, :1]) * (0.45 + 0.55 * combed.grown[:, None])
    widths = width_px * taper * own
    draw_strands(
        screen, widths.astype(np.float32), colours, opacities, sort_strands(screen), depth,
        HIDDEN_CM, image,
    )  # fmt: skip
