"""Light and shade that a movement brings: folds beside a smile, a brow's shadow.

In: the generator's pictures before and now, and the displacement between. Out: the logarithm of
what the photo's levels are multiplied with. Only what is broad is taken, and no more than so much,
so that the generator's style and its errors stay out: nothing near lips, eyes and the head's rim.
"""

from __future__ import annotations

import cv2
import numpy as np

from embed.moving.displacement import FIELD_PX, Displacement, Weights
from embed.moving.mesh_field import close_holes
from embed.moving.openings import EYES, LIPS, draw_opening
from synth.types import Picture

#: Standard deviation of what is taken, in picture widths.
BROAD = 0.012
#: Logarithms are taken up to this, and only what is beyond the least.
MOST, LEAST = 0.22, 0.015
STRENGTH = 0.8
#: Margins in picture widths.
LIPS_MARGIN, EYES_MARGIN, RIM_MARGIN = 0.012, 0.02, 0.03


def find_shading(before: Picture, now: Picture, moved: Displacement) -> Weights:
    """Log gain [n, n] at the places of now; 0 where nothing changed."""
    light = [_find_light(picture) for picture in (before, now)]
    light[0] = read_at(light[0], moved.shifts)
    weights = _choose_skin(moved)
    sigma = BROAD * FIELD_PX
    share = cv2.GaussianBlur(weights, (0, 0), sigma) + 1e-3
    broad = [cv2.GaussianBlur(one * weights, (0, 0), sigma) / share for one in light]
    gain = np.log((broad[1] + 0.02) / (broad[0] + 0.02))
    gain = np.sign(gain) * np.maximum(np.abs(gain) - LEAST, 0)
    soft = cv2.GaussianBlur(weights, (0, 0), sigma / 2)
    return (STRENGTH * MOST * np.tanh(gain / MOST) * np.minimum(soft, weights)).astype(np.float32)


def read_at(values: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Values [n, n, ...] at each place plus its shift [n, n, 2]."""
    size = values.shape[0]
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    return cv2.remap(
        values,
        x + shifts[..., 0] * size,
        y + shifts[..., 1] * size,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _find_light(picture: Picture) -> Weights:
    """Luminance 0 to 1 on the grid of displacements."""
    small = cv2.resize(picture, (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255


def _choose_skin(moved: Displacement) -> Weights:
    weights = moved.known.copy()
    for marks in (moved.marks_now, moved.marks_before):
        weights *= 1 - draw_opening(marks, LIPS, FIELD_PX, LIPS_MARGIN * FIELD_PX, 2.0)
        for eye in EYES:
            weights *= 1 - draw_opening(marks, eye, FIELD_PX, EYES_MARGIN * FIELD_PX, 2.0)
    margin = RIM_MARGIN * FIELD_PX
    away = cv2.distanceTransform(close_holes(moved.known), cv2.DIST_L2, 5)
    return (weights * np.clip(away / margin - 0.5, 0, 1)).astype(np.float32)
