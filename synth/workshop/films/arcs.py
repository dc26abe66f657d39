"""How strong an emotion is over a short film: calm, up to a peak, held, and back to calm.

In: the number of frames and a source of chance. Out: intensities [frame], 0 in the first and the
last frame. They are multiples of a `LEVELS`-th of the peak, so that a film needs at most
LEVELS + 1 renders: frames of one level show the same picture, which is drawn once.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

LEVELS = 8
LEAST_FRAMES = 4
#: Of the film's length: when the peak is reached, how long it is held; and how strong it is.
PEAK_AT, HELD_FOR, PEAK = (0.3, 0.5), (0.06, 0.2), (0.7, 1.0)


def draw_levels(frames: int, random: np.random.Generator) -> Int[np.ndarray, " frame"]:
    """Levels of one film, 0 to LEVELS, 0 at both ends. Raises ValueError for too few frames."""
    if frames < LEAST_FRAMES:
        raise ValueError(
            f"needs at least {LEAST_FRAMES} frames for a rise and a fall; got {frames}"
        )
    up, held = random.uniform(*PEAK_AT), random.uniform(*HELD_FOR)
    at = np.linspace(0, 1, frames)
    rise, fall = at / up, (1 - at) / (1 - up - held)
    share = np.clip(np.minimum(rise, fall), 0, 1)
    # Muscles start and stop softly.
    return np.rint(LEVELS * share * share * (3 - 2 * share)).astype(np.int64)


def draw_arc(frames: int, random: np.random.Generator) -> Float[np.ndarray, " frame"]:
    """Intensities of one film: its levels times a peak of its own."""
    levels = draw_levels(frames, random)
    return (levels / LEVELS * random.uniform(*PEAK)).astype(np.float32)
