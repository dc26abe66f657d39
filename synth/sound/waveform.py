"""The outline of a sound, to be drawn along a time line.

In: a file with sound. Out: the largest magnitude in each of equal stretches of time, 0 to 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from synth.video.sound_reading import read_sound

#: Samples a second that are looked at: an outline needs no more.
RATE_HZ = 8000

Peaks = Float32[np.ndarray, " stretch"]


def compute_peaks(path: str | Path, per_s: int, longest_s: float) -> Peaks:
    """The largest magnitude in [0, 1] of each 1/`per_s` seconds, over at most `longest_s`.

    Raises FileNotFoundError or ValueError naming the file when it has no sound that can be read,
    and ValueError for a `per_s` that does not divide RATE_HZ.
    """
    if per_s < 1 or RATE_HZ % per_s:
        raise ValueError(f"needs a number of stretches that divides {RATE_HZ}; got {per_s}; try 40")
    width = RATE_HZ // per_s
    found: list[np.ndarray] = []
    rest = np.zeros(0, np.float32)
    for block in read_sound(path, RATE_HZ, longest_s):
        rest = np.concatenate([rest, np.abs(block)])
        whole = len(rest) // width * width
        found.append(rest[:whole].reshape(-1, width).max(1))
        rest = rest[whole:]
    if len(rest):
        found.append(rest.max(keepdims=True))
    peaks = np.concatenate(found) if found else np.zeros(0, np.float32)
    return peaks.clip(0, 1).astype(np.float32)
