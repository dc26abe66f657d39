"""Where notes begin, and the pulse that each leaves behind.

In: spectral flux, how much louder all bins became from one column to the next. Out: onsets with
their strengths, and a curve that jumps up at each and decays.

Symbols: novelty, how far the flux is above what steady noise would have, as a share of the
strongest around: 1 for the strongest onset within some seconds, so that quiet passages have theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import find_peaks

#: The running mean that novelty is measured against, in seconds, and by how much it is exceeded:
#: the flux of steady noise hardly reaches 1.7 of its mean.
_AROUND_S = 0.4
_ABOVE = 1.7
#: Onsets are measured by the strongest within so many seconds, or by a share of the very strongest.
_NEAR_S = 4.0
_LEAST_SHARE = 0.1
#: Flux of nobody: rounding within a steady tone.
_NOTHING = 0.005
#: Two onsets that are nearer are one: 60 ms is a thirty-second note at 120 beats a minute.
_LEAST_GAP_S = 0.06
#: Weaker ones, as a share of the strongest, are noise.
_WEAKEST = 0.12
#: A pulse rises within so many seconds: at once, yet not within one frame of 30 a second.
_RISE_S = 0.04


@dataclass(frozen=True, eq=False)
class Onsets:
    """Beginnings of notes: seconds and strengths, in (0, 1]."""

    times_s: Float[np.ndarray, " onset"]
    strengths: Float[np.ndarray, " onset"]


def compute_novelty(
    flux: Float[np.ndarray, " change"], columns_per_s: float
) -> Float[np.ndarray, " change"]:
    """Flux above that of steady noise, in [0, 1]; zeros for a sound that never changes."""
    around = uniform_filter1d(flux, max(1, round(_AROUND_S * columns_per_s)), mode="nearest")
    above = (flux - _ABOVE * around).clip(min=0)
    strongest = float(above.max())
    if strongest < _NOTHING:
        return np.zeros_like(above)
    near = maximum_filter1d(above, max(1, round(_NEAR_S * columns_per_s)), mode="nearest")
    return above / near.clip(min=_LEAST_SHARE * strongest)


def find_onsets(
    novelty: Float[np.ndarray, " change"], times_s: Float[np.ndarray, " change"]
) -> Onsets:
    """Peaks of novelty."""
    distance = (
        max(1, round(_LEAST_GAP_S / float(times_s[1] - times_s[0]))) if len(times_s) > 1 else 1
    )
    # With zeros around it, so that a note may begin with the file.
    padded = np.concatenate([[0.0], novelty, [0.0]])
    peaks, _ = find_peaks(padded, height=_WEAKEST, distance=distance)
    return Onsets(times_s[peaks - 1], novelty[peaks - 1])


def draw_pulses(
    onsets: Onsets, half_life_s: float, duration_s: float, samples_per_s: float
) -> Float[np.ndarray, " sample"]:
    """A curve over `duration_s` in [0, 1]: each onset's strength, halved every `half_life_s`."""
    count = int(np.ceil(duration_s * samples_per_s)) + 1
    impulses = np.zeros(count)
    places = np.minimum(np.round(onsets.times_s * samples_per_s).astype(int), count - 1)
    np.maximum.at(impulses, places, onsets.strengths)
    decay = 0.5 ** (1 / (half_life_s * samples_per_s))
    # What is left of earlier pulses counts for the part that the new one leaves: never above 1.
    pulses = _decay(impulses, decay)
    rise = max(1, round(_RISE_S * samples_per_s))
    return np.convolve(pulses, np.full(rise, 1 / rise))[:count]


def _decay(impulses: np.ndarray, decay: float) -> np.ndarray:
    """The larger of a new impulse and what is left of the last ones, sample by sample."""
    # In logarithms the larger of all decayed impulses is a running maximum of a straight line.
    slope = np.log(decay)
    line = slope * np.arange(len(impulses))
    with np.errstate(divide="ignore"):
        heights = np.log(impulses) - line
    return np.exp(np.maximum.accumulate(heights) + line)
