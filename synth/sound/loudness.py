"""How loud a sound is from moment to moment, and where it is silent.

In: loudness in dB of full scale for each column. Out: a share of loudness from 0 to 1, smoothed so
that a face can follow it, and the stretches of silence.

Symbols: loud, the level that a twentieth of the columns exceed: what a listener takes for loud in
this recording, however it was mastered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

#: Below `loud` by so much, nothing shows.
RANGE_DB = 30.0
#: Spread of the smoothing in seconds: syllables and beats show, single waves do not.
SMOOTHING_S = 0.09
#: A recording that never gets louder is taken for silent: 16-bit noise is at -96 dB.
SILENT_DB = -70.0


@dataclass(frozen=True)
class Silence:
    """A stretch without sound, in seconds."""

    start_s: float
    end_s: float

    @property
    def middle_s(self) -> float:
        """Where one part of a story ends and the next begins."""
        return (self.start_s + self.end_s) / 2

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


def find_loud_db(level_db: Float[np.ndarray, " column"]) -> float:
    """What is loud in this recording, in dB of full scale."""
    return float(np.percentile(level_db, 95))


def compute_loudness(
    level_db: Float[np.ndarray, " column"], columns_per_s: float
) -> Float[np.ndarray, " column"]:
    """0 at RANGE_DB below loud and less, 1 at loud and more, smoothed without delay."""
    share = 1 + (level_db - find_loud_db(level_db)) / RANGE_DB
    return gaussian_filter1d(share.clip(0, 1), SMOOTHING_S * columns_per_s, mode="nearest")


def find_silences(
    level_db: Float[np.ndarray, " column"],
    times_s: Float[np.ndarray, " column"],
    below_db: float,
    least_s: float,
) -> list[Silence]:
    """Stretches of at least `least_s` seconds that stay `below_db` below loud."""
    quiet = level_db < find_loud_db(level_db) - below_db
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    found = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        silence = Silence(float(times_s[start]), float(times_s[min(stop, len(times_s) - 1)]))
        if silence.length_s >= least_s:
            found.append(silence)
    return found
