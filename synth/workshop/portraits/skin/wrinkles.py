"""Folds and fine lines of the face as height, for light and shade: the slope of every group.

A group is what one muscle (or age) draws; its strength is a number per face. Each takes three
channels of the face map: the slope along x, along y, and how deep the groove is, 0 to 1.
"""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits.skin.face_map import (
    LEFT_CM,
    TEXELS_PER_CM,
    WIDTH_CM,
    blur,
    make_grid,
    make_smooth_noise,
    stroke,
)

(FOREHEAD, FROWN, CHEEK_FOLD, EYE_FAN, NOSE, EYE_BAG, MOUTH, LIP_CREASES) = range(8)
NUM_GROUPS = 8
#: The slope that the largest int8 stands for.
STEEPEST = 1.6


def make_wrinkles(lips: np.ndarray) -> list[np.ndarray]:
    """Three channels per group; `lips` [height, width] says where the lips are."""
    x, y = make_grid()
    heights = [
        _fold_forehead(x, y), _fold_frown(), _fold_cheeks(), _fold_eye_fans(), _fold_nose(),
        _fold_bags(), _fold_mouth(), _crease_lips(lips, x, y),
    ]  # fmt: skip
    channels = []
    for height in heights:
        slope_y, slope_x = np.gradient(height, 1 / TEXELS_PER_CM)
        depth = np.clip(-height / 0.05, 0, 1)
        channels += [slope_x / STEEPEST, slope_y / STEEPEST, depth]
    return channels


def _groove(line: np.ndarray, depth_cm: float, width_cm: float) -> np.ndarray:
    """A line as a groove between soft bulges, as skin that is pushed together."""
    bulge = blur(line, 2.2 * width_cm)
    return depth_cm * (1.1 * bulge - line)


def _fold_forehead(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    waver = make_smooth_noise(1.3, 11)
    broken = np.clip(0.85 + 0.35 * make_smooth_noise(1.1, 12), 0, 1)
    height = np.zeros_like(x)
    for level, reach, depth in (
        (7.2, 3.4, 0.7),
        (7.95, 4.6, 1.0),
        (8.75, 4.5, 0.9),
        (9.6, 3.6, 0.7),
    ):
        arch = y - level - 0.22 * np.cos(x * 0.9) + 0.035 * x * x * 0.6 - 0.05 * waver
        line = np.exp(-0.5 * (arch / 0.10) ** 2) * np.exp(-((np.abs(x) / reach) ** 4)) * broken
        height += _groove(line.astype(np.float32), 0.055 * depth, 0.10)
    return height


def _fold_frown() -> np.ndarray:
    main = _groove(stroke([(0.62, 5.25), (0.66, 5.9), (0.80, 6.8)], 0.10), 0.07, 0.10)
    inner = _groove(stroke([(0.22, 5.3), (0.20, 6.2)], 0.08), 0.03, 0.08)
    return main + inner


def _fold_cheeks() -> np.ndarray:
    path = [(1.72, 0.55), (2.25, -0.45), (2.95, -1.75), (3.30, -3.0)]
    line = stroke(path, 0.15, 0.6)
    cheek = stroke([(x + 0.55, y + 0.25) for x, y in path], 0.38, 0.6)
    return 0.075 * cheek - 0.085 * line


def _fold_eye_fans() -> np.ndarray:
    lines = (
        [(5.05, 3.75), (5.7, 4.05), (6.3, 4.55)], [(5.10, 3.45), (5.8, 3.5), (6.5, 3.75)],
        [(5.05, 3.15), (5.7, 2.95), (6.4, 2.85)], [(4.95, 2.85), (5.45, 2.45), (6.0, 2.1)],
    )  # fmt: skip
    return sum(
        (_groove(stroke(line, 0.075), 0.038, 0.075) for line in lines), np.zeros(1, np.float32)
    )


def _fold_nose() -> np.ndarray:
    sides = ([(0.75, 3.0), (1.15, 2.5), (1.35, 1.8)], [(0.55, 3.6), (1.0, 3.1), (1.25, 2.7)])
    bridge = ([(-0.5, 4.45), (0.0, 4.55), (0.5, 4.45)], [(-0.55, 4.0), (0.0, 4.1), (0.55, 4.0)])
    both = [_groove(stroke(line, 0.08), 0.045, 0.08) for line in sides]
    # Strokes are mirrored: a line across the middle is drawn twice.
    both += [_groove(0.5 * stroke(line, 0.08), 0.040, 0.08) for line in bridge]
    return sum(both, np.zeros(1, np.float32))


def _fold_bags() -> np.ndarray:
    edge = [(1.75, 2.75), (2.35, 2.05), (3.2, 1.75), (4.2, 2.05)]
    pouch = stroke([(2.0, 2.75), (3.0, 2.35), (4.1, 2.6)], 0.26)
    fine = _groove(stroke([(2.1, 2.65), (3.0, 2.45), (4.2, 2.75)], 0.06), 0.022, 0.06)
    return 0.07 * pouch - 0.055 * stroke(edge, 0.13) + fine


def _fold_mouth() -> np.ndarray:
    corner = stroke([(2.75, -3.75), (3.0, -4.5), (3.05, -5.4)], 0.14)
    chin = stroke([(-1.4, -5.25), (0.0, -5.0), (1.4, -5.25)], 0.16)
    upright = [
        _groove(stroke([(at, -2.3 - 0.08 * at), (at * 1.12, -1.55)], 0.06), 0.009, 0.06)
        for at in (0.55, 1.0, 1.45, 1.9)
    ]
    return -0.065 * corner - 0.010 * chin + sum(upright, np.zeros(1, np.float32))


def _crease_lips(lips: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fine upright creases that fan out, and the raised rim of the lips."""
    rng = np.random.default_rng(21)
    columns = x.shape[1]
    comb = rng.normal(size=(1, columns)).astype(np.float32)
    fine = blur(np.repeat(comb, 3, 0), 0.032)[1] - blur(np.repeat(comb, 3, 0), 0.14)[1]
    fine /= fine.std()
    fan = 1 + 0.10 * np.abs(y + 3.35)
    place = (x / fan - LEFT_CM) / WIDTH_CM * columns
    creases = np.interp(place, np.arange(columns), np.minimum(fine, 0.6)).astype(np.float32)
    creases *= np.clip(0.6 + 0.5 * make_smooth_noise(0.35, 22), 0, 1.5)
    rim = np.clip(4 * lips * (1 - lips), 0, 1)
    return 0.007 * creases * lips**3 + 0.018 * blur(rim, 0.04)
