"""What lids uncover: an eye that opens wider than in the photo shows more of iris and white.

An iris is round, and the photo shows its middle from side to side. What it does not show is taken
from there: a place at a distance from the iris's centre looks as the place at the same distance
straight beside the centre, towards the side where more of the eye shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from embed.moving.displacement import Displacement
from embed.moving.openings import EYES, LASHES, draw_opening, find_gap
from synth.types import Picture

MASK_PX = 1024
#: Heights now in heights before from which an eye is filled in, and wholly so.
WIDER = (1.04, 1.2)
#: Share of an eye's levels that are its iris's, and how far from the middle in widths it may be.
DARK_SHARE, ASIDE = 0.3, 0.2
#: Within the lids now, in picture widths, where lashes go over into it.
MARGIN = 0.002
#: How far towards the corner of an eye its white is taken from; the shadow of lids: reach in the
#: eye's widths, and the light that is left beside them.
REACH, SHADOW, DIMMEST = 0.72, 0.07, 0.68


@dataclass(frozen=True, eq=False)
class EyeFill:
    """One eye: shares [m, m] of what is filled in and the light [m, m] that falls on it; the iris's
    centre before [2], the eye's shift [2], and how far to the side (signed) the eye shows; places
    in picture widths."""

    share: Float[np.ndarray, "mask mask"]
    centre: Float[np.ndarray, " 2"]
    shift: Float[np.ndarray, " 2"]
    reach: float
    light: Float[np.ndarray, "mask mask"]

    def find_sources(self, places: Float[np.ndarray, "*grid 2"]) -> Float[np.ndarray, "*grid 2"]:
        """Where in the square before the pixels at these places come from."""
        away = places + self.shift - self.centre
        aside = np.hypot(away[..., 0], away[..., 1]) / abs(self.reach)
        # Beyond the white that shows there is no more of it: it ends softly.
        aside = np.where(aside < 0.7, aside, 1 - 0.3 * np.exp(-(aside - 0.7) / 0.3))
        return self.centre + np.stack([self.reach * aside, np.zeros_like(aside)], -1)


def fill_eyes(photo: Picture, moved: Displacement) -> tuple[EyeFill, ...]:
    """What is to be filled in each eye that is wider now; nothing for others."""
    fills = []
    for chains, shift in zip(EYES, moved.eyes, strict=True):
        before, now = (find_gap(x, chains) for x in (moved.marks_before, moved.marks_now))
        wider = float(np.clip((now / max(before, 1e-6) - WIDER[0]) / (WIDER[1] - WIDER[0]), 0, 1))
        if not wider:
            continue
        corners = moved.marks_before[[chains[0][0], chains[0][-1]]]
        width = float(np.ptp(corners[:, 0]))
        showed = draw_opening(
            moved.marks_before - shift, chains, MASK_PX, -LASHES * width * MASK_PX, 2.0
        )
        shows = draw_opening(moved.marks_now, chains, MASK_PX, -MARGIN * MASK_PX, 2.0)
        centre = find_iris(photo, moved.marks_before[list({*chains[0], *chains[1]})])
        room = np.abs(corners[:, 0] - centre[0])
        reach = REACH * (-room[0] if room[0] > room[1] else room[1])
        light = cv2.GaussianBlur(shows, (0, 0), SHADOW * width * MASK_PX)
        light = DIMMEST + (1 - DIMMEST) * np.clip(2 * light - 0.8, 0, 1)
        share = wider * shows * (1 - showed)
        fills.append(EyeFill(share, centre, shift, float(reach), light.astype(np.float32)))
    return tuple(fills)


def find_iris(photo: Picture, eye: Float[np.ndarray, "mark 2"]) -> Float[np.ndarray, " 2"]:
    """The middle of what is dark within an eye's six points, in picture widths."""
    side, middle, width = photo.shape[0], eye.mean(0), float(np.ptp(eye[:, 0]))
    outline = cv2.convexHull((eye * side).astype(np.float32)).astype(np.int32)
    mask = cv2.fillConvexPoly(np.zeros((side, side), np.uint8), outline, 1)
    y, x = np.nonzero(mask)
    # Lashes are dark, too: nearer to the middle counts more.
    levels = photo[y, x].mean(1) + 60 * np.abs(np.stack([x, y], 1) / side - middle).sum(1) / width
    if not len(levels):
        return middle
    dark = levels <= np.quantile(levels, DARK_SHARE)
    found = np.array([x[dark].mean(), y[dark].mean()]) / side + 0.5 / side
    return middle + np.clip(found - middle, -ASIDE * width, ASIDE * width)
