"""What a moved photo is made of, in the generator's square, before any pixel of it is touched.

The skin and all around it is the photo, moved and shaded. Within the lips: teeth are the photo's
where they showed in it, moved as teeth move; what no photo shows is the generator's, in the photo's
colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from embed.moving.displacement import FIELD_PX, Displacement, Shifts, Weights
from embed.moving.eyes import EyeFill, fill_eyes
from embed.moving.openings import LIPS, MOUTH, draw_opening, find_gap
from embed.moving.shading import find_shading
from synth.types import Picture

#: Masks of mouths are drawn on a finer grid.
MASK_PX = 1024
#: Gaps between lips from which a mouth begins to be open, and is, in picture widths.
CLOSED, OPEN = 0.004, 0.010
#: The same, from which teeth may show.
SHOWING = (0.012, 0.02)
#: How far teeth must lie within the photo's lips, in picture widths.
TEETH_MARGIN = 0.004
#: Pixels of the photo for one of the result at which it is stretched too far, and not at all.
STRETCHED, SOUND = 0.45, 0.75
#: Gaps now in gaps before, from which what is stretched within lips goes.
WIDER = (1.5, 2.2)
#: The same, at which lips close over teeth that stay.
NARROWER = (0.95, 1.05)
#: Ring around the lips whose colours are compared, in picture widths.
RING = 0.03
MOST_GAIN = 1.7
#: One in this many parts of the generator's colourfulness is enough for a photo in colour.
COLOURED = 4.0
#: Share of a mouth whose levels are its dark, and how blurred what lies behind teeth is.
DARK_SHARE, BEHIND = 0.15, 0.006
#: Reach of the lips' shadow in picture widths, and the light that is left beside them.
SHADOW, DIMMEST = 0.008, 0.55
#: Levels within a mouth, in those of its lips, where nothing shows them.
DARK = 0.2
#: How much of their light is left there.
LIGHT_BEHIND = 0.45


@dataclass(frozen=True, eq=False)
class Layers:
    """All on grids over the square. shifts [n, n, 2], log gain [n, n]; mouth [m, m] 0 to 1 what of
    the result lies within the lips; drawn [m, m, 3] float levels that are put there, with weights
    [m, m] drawn_share; teeth_before [m, m] where the photo shows teeth, teeth [2, 2] their shifts
    (above, below); eyes: what lids uncover; is_still: the photo stays as it is.
    """

    shifts: Shifts
    gain: Weights
    mouth: Float[np.ndarray, "mask mask"]
    drawn: Float[np.ndarray, "mask mask 3"]
    drawn_share: Float[np.ndarray, "mask mask"]
    teeth_before: Float[np.ndarray, "mask mask"]
    teeth: Float[np.ndarray, "2 2"]
    eyes: tuple[EyeFill, ...] = ()
    is_still: bool = False


def make_layers(photo: Picture, before: Picture, now: Picture, moved: Displacement) -> Layers:
    """photo: the square at the generator's size; before, now: the generator's pictures."""
    gain = find_shading(before, now, moved)
    gap = find_gap(moved.marks_now, MOUTH)
    is_open = float(np.clip((gap - CLOSED) / (OPEN - CLOSED), 0, 1))
    mouth = is_open * draw_opening(moved.marks_now, MOUTH, MASK_PX, 0.0, 2.0)
    margin = -TEETH_MARGIN * MASK_PX
    teeth_before = draw_opening(moved.marks_before, MOUTH, MASK_PX, margin, 1.5)
    teeth_before *= _find_share_of_teeth(moved)
    colours = match_colours(photo, before, moved)
    size = (MASK_PX, MASK_PX)
    drawn = _fade_colours(_lay_within_lips(now, moved) * colours, photo, before, moved)
    drawn = _darken(drawn, mouth, moved)
    drawn = drawn * _shade_within(mouth)[..., None]
    stretch = cv2.resize(_find_stretch(moved.shifts), size, interpolation=cv2.INTER_LINEAR)
    wider = gap / max(find_gap(moved.marks_before, MOUTH), 1e-6)
    opened = np.clip((wider - WIDER[0]) / (WIDER[1] - WIDER[0]), 0, 1)
    closing = np.clip((NARROWER[1] - wider) / (NARROWER[1] - NARROWER[0]), 0, 1)
    teeth_before *= max(opened, closing)
    share = np.maximum(opened, 1 - np.clip((stretch - STRETCHED) / (SOUND - STRETCHED), 0, 1))
    still = moved.is_still and not gain.any()
    return Layers(
        moved.shifts,
        gain,
        mouth,
        drawn,
        share,
        teeth_before,
        moved.teeth,
        fill_eyes(photo, moved),
        still,
    )


def _lay_within_lips(now: Picture, moved: Displacement) -> Float[np.ndarray, "mask mask 3"]:
    """The generator's picture [m, m, 3], its inner lips brought to where the result's are.

    The map is affine, by least squares over the eight points.
    """
    inner = slice(60, 68)
    known = np.column_stack([moved.marks_now[inner], np.ones(8)])
    slopes, *_ = np.linalg.lstsq(known, moved.marks_drawn[inner], rcond=1e-3)
    matrix = slopes.T.copy()
    # Places in picture widths -> pixels, both ways.
    sizes = MASK_PX, now.shape[0]
    matrix[:, :2] *= sizes[1] / sizes[0]
    middle = matrix[:, :2] @ (0.5, 0.5)
    matrix[:, 2] = matrix[:, 2] * sizes[1] + middle - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(
        now.astype(np.float32), matrix, (MASK_PX, MASK_PX), flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    # Where the generator's lips are closed there is nothing within them to show but the dark.
    is_drawn = np.clip((find_gap(moved.marks_drawn, MOUTH) - CLOSED) / (OPEN - CLOSED), 0, 1)
    lips = draw_opening(moved.marks_drawn, LIPS, now.shape[0], 0.0, 0.0) > 0.5
    dark = DARK * (now[lips].mean(0) if lips.any() else np.full(3, 128.0))
    return (dark + is_drawn * (laid - dark)).astype(np.float32)


def _darken(
    drawn: Float[np.ndarray, "mask mask 3"],
    mouth: Float[np.ndarray, "mask mask"],
    moved: Displacement,
) -> Float[np.ndarray, "mask mask 3"]:
    """Where the photo has teeth of its own, the generator's are but the dark behind them."""
    has_teeth = _find_share_of_teeth(moved)
    within = mouth > 0.5
    if not has_teeth or not within.any():
        return drawn
    levels = drawn[within]
    light = levels.mean(1)
    dark = levels[light <= np.quantile(light, DARK_SHARE)].mean(0)
    soft = cv2.GaussianBlur(drawn, (0, 0), BEHIND * MASK_PX)
    deep = dark + LIGHT_BEHIND * (soft - dark)
    return drawn + has_teeth * (deep - drawn)


def _shade_within(mouth: Float[np.ndarray, "mask mask"]) -> Float[np.ndarray, "mask mask"]:
    """The shadow that lips throw on what is within: 1 in the middle of a wide mouth."""
    light = cv2.GaussianBlur(mouth, (0, 0), SHADOW * MASK_PX)
    return (DIMMEST + (1 - DIMMEST) * np.clip(2 * light - 0.9, 0, 1)).astype(np.float32)


def _find_share_of_teeth(moved: Displacement) -> float:
    """1 where the photo's mouth is open, so that teeth may show; 0 where it is closed."""
    gap = find_gap(moved.marks_before, MOUTH)
    return float(np.clip((gap - SHOWING[0]) / (SHOWING[1] - SHOWING[0]), 0, 1))


def match_colours(photo: Picture, before: Picture, moved: Displacement) -> Float[np.ndarray, 3]:
    """Gains [3] from the generator's colours around the lips to the photo's."""
    means = [_find_levels_around(picture, moved).mean(0) for picture in (photo, before)]
    gains = (means[0] + 1) / (means[1] + 1)
    return np.clip(gains, 1 / MOST_GAIN, MOST_GAIN).astype(np.float32)


def _fade_colours(
    drawn: Float[np.ndarray, "mask mask 3"], photo: Picture, before: Picture, moved: Displacement
) -> Float[np.ndarray, "mask mask 3"]:
    """What the generator draws without colours, as far as the photo around the lips has none."""
    spread = [np.ptp(_find_levels_around(x, moved), 1).mean() for x in (photo, before)]
    kept = min(1.0, COLOURED * (spread[0] + 1) / (spread[1] + 1))
    grey = drawn @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey[..., None] + np.float32(kept) * (drawn - grey[..., None])


def _find_levels_around(picture: Picture, moved: Displacement) -> Float[np.ndarray, "pixel 3"]:
    """Levels of a ring around the lips before; ones where there is none."""
    lips = [
        draw_opening(moved.marks_before, LIPS, FIELD_PX, grow * FIELD_PX, 0.0) for grow in (RING, 0)
    ]
    ring = (lips[0] - lips[1]) > 0.5
    if not ring.any():
        return np.ones((1, 3), np.float32)
    small = cv2.resize(picture, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_AREA)
    return small[ring].astype(np.float32)


def _find_stretch(shifts: Shifts) -> Weights:
    """Pixels of the photo for one of the result, downwards."""
    return 1 + FIELD_PX * np.gradient(shifts[..., 1], axis=0).astype(np.float32)
