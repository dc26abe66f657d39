"""A face's 68 points, a photo with grain, and displacements to move it by, for tests."""

import numpy as np

from embed.moving.displacement import FIELD_PX, Displacement


def make_marks() -> np.ndarray:
    """An upright face in picture widths: eyes open, lips closed."""
    marks = np.zeros((68, 2))
    turn = np.linspace(np.pi, 0, 17)
    marks[:17] = np.stack([0.5 + 0.28 * np.cos(turn), 0.45 + 0.37 * np.sin(turn)], 1)
    marks[17:22] = np.stack([np.linspace(0.3, 0.44, 5), np.full(5, 0.36)], 1)
    marks[22:27] = np.stack([np.linspace(0.56, 0.7, 5), np.full(5, 0.36)], 1)
    marks[27:31] = np.stack([np.full(4, 0.5), np.linspace(0.42, 0.55, 4)], 1)
    marks[31:36] = np.stack([np.linspace(0.45, 0.55, 5), np.full(5, 0.58)], 1)
    for start, x in ((36, 0.37), (42, 0.63)):
        around = [(-0.05, 0), (-0.02, -0.02), (0.02, -0.02), (0.05, 0), (0.02, 0.02), (-0.02, 0.02)]
        marks[start : start + 6] = np.array([x, 0.43]) + around
    x = np.array([-0.09, -0.05, -0.02, 0, 0.02, 0.05, 0.09])
    marks[48:55] = np.stack([0.5 + x, 0.68 - 0.02 * (1 - (x / 0.09) ** 2)], 1)
    marks[55:60] = np.stack([0.5 - x[1:6], 0.68 + 0.03 * (1 - (x[1:6] / 0.09) ** 2)], 1)
    inner = np.array([-0.07, -0.03, 0, 0.03, 0.07])
    marks[60:65] = np.stack([0.5 + inner, np.full(5, 0.68)], 1)
    marks[65:68] = np.stack([0.5 - inner[1:4], np.full(3, 0.68)], 1)
    return marks


def open_mouth(marks: np.ndarray, by: float) -> np.ndarray:
    """The lower lip so far down, in picture widths."""
    opened = marks.copy()
    opened[[65, 66, 67], 1] += by
    opened[55:60, 1] += by
    return opened


def make_photo(height: int, width: int) -> np.ndarray:
    """Grain on slow waves of colour."""
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 23 + k) + np.cos(y / 31 - k) for k in range(3)], 2)
    grain = np.random.default_rng(3).normal(0, 8, (height, width, 1))
    return (128 + 40 * waves + grain).clip(0, 255).astype(np.uint8)


def make_shift(shift: tuple[float, float], low: float = 0.3, high: float = 0.7) -> Displacement:
    """One shift, in picture widths, within a square of places; none outside."""
    shifts = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32)
    part = slice(round(low * FIELD_PX), round(high * FIELD_PX))
    shifts[part, part] = shift
    known = (np.abs(shifts).max(2) > 0).astype(np.float32)
    marks, none = make_marks(), np.zeros((2, 2))
    return Displacement(shifts, known, marks, marks, marks, none, none)
