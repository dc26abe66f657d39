"""The tempo of a sound and its beats.

In: novelty (synth/sound/onsets.py). Out: beats a minute, and the seconds of each beat; none where
nothing repeats. One tempo for the whole sound: a piece that changes it is followed loosely.

The tempo is the lag at which novelty resembles itself most (autocorrelation), weighted by what
people tap: a bell around 120 beats a minute on an axis of octaves. Without it half the tempo, at
which everything repeats as well, would do as well. Beats are then laid so that they meet strong
onsets while their distances stay near the tempo's, by dynamic programming (Ellis 2007, *Beat
Tracking by Dynamic Programming*).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.fft import next_fast_len
from scipy.ndimage import gaussian_filter1d

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
PRIOR_BPM = 120.0
_PRIOR_OCTAVES = 0.9
#: Novelty that resembles itself less has no beat: a share of its own power.
_LEAST_LIKENESS = 0.12
#: Beats are sought on a grid of so many places a second, enough for 5 ms.
_GRID_HZ = 100.0
#: How much a beat too early or too late costs, against the onset that it meets.
_TIGHTNESS = 100.0
#: Onsets are widened to about the accuracy of playing, in seconds.
_WIDTH_S = 0.015


@dataclass(frozen=True, eq=False)
class Beats:
    """Tempo in beats a minute, and the seconds of each beat; None and nothing without a beat."""

    tempo_bpm: float | None
    times_s: Float[np.ndarray, " beat"]


NO_BEATS = Beats(None, np.zeros(0))


def find_beats(
    novelty: Float[np.ndarray, " change"],
    times_s: Float[np.ndarray, " change"],
    prior_bpm: float = PRIOR_BPM,
) -> Beats:
    """Tempo and beats. `prior_bpm`: the tempo that is thought likeliest beforehand."""
    if len(times_s) < 2:
        return NO_BEATS
    rate = 1 / float(times_s[1] - times_s[0])
    tempo_bpm = estimate_tempo(novelty, rate, prior_bpm)
    if tempo_bpm is None:
        return NO_BEATS
    grid_s = np.arange(float(times_s[0]), float(times_s[-1]), 1 / _GRID_HZ)
    smooth = gaussian_filter1d(novelty, max(_WIDTH_S * rate, 0.5), mode="constant")
    strengths = np.interp(grid_s, times_s, smooth)
    places = _track(strengths / max(strengths.std(), 1e-9), 60 / tempo_bpm * _GRID_HZ)
    return Beats(tempo_bpm, grid_s[_trim(places, strengths)])


def estimate_tempo(
    novelty: Float[np.ndarray, " change"], per_s: float, prior_bpm: float = PRIOR_BPM
) -> float | None:
    """Beats a minute of novelty with `per_s` numbers a second; None where nothing repeats."""
    smooth = gaussian_filter1d(novelty, max(_WIDTH_S * per_s, 0.5), mode="constant")
    centred = smooth - smooth.mean()
    longest = math.ceil(60 / SLOWEST_BPM * per_s) + 1
    if len(centred) < 2 * longest or not centred.any():
        return None
    likeness = _autocorrelate(centred, longest)
    lags = np.arange(1, longest)
    bpm = 60 * per_s / lags
    weight = np.exp(-0.5 * (np.log2(bpm / prior_bpm) / _PRIOR_OCTAVES) ** 2)
    allowed = (bpm >= SLOWEST_BPM) & (bpm <= FASTEST_BPM)
    best = int(lags[np.argmax(np.where(allowed, likeness[1:longest] * weight, -np.inf))])
    if likeness[best] < _LEAST_LIKENESS:
        return None
    return 60 * per_s / _refine(likeness, best)


def _autocorrelate(centred: np.ndarray, longest: int) -> np.ndarray:
    """Likeness at lags 0 to `longest`, 1 at lag 0; each lag by the numbers that it compares."""
    size = next_fast_len(len(centred) + longest, real=True)
    products = np.fft.irfft(np.abs(np.fft.rfft(centred, size)) ** 2, size)[: longest + 1]
    compared = len(centred) - np.arange(longest + 1)
    means = products / compared
    return means / means[0]


def _refine(likeness: np.ndarray, lag: int) -> float:
    """The top of the parabola through a peak and its neighbours."""
    left, middle, right = likeness[lag - 1], likeness[lag], likeness[lag + 1]
    bend = left - 2 * middle + right
    shift = 0.0 if bend >= 0 else 0.5 * (left - right) / bend
    return lag + float(np.clip(shift, -0.5, 0.5))


def _track(strengths: np.ndarray, period: float) -> np.ndarray:
    """Places of beats: the best sum of strengths less what uneven distances cost."""
    steps = np.arange(-round(2 * period), -max(round(period / 2), 1) + 1)
    cost = -_TIGHTNESS * np.log(-steps / period) ** 2
    lead = -int(steps[0])  # room before the first beats for those that they do not have
    scores = np.concatenate([np.zeros(lead), strengths])
    before = np.full(len(scores), -1)
    for place in range(lead, len(scores)):
        candidates = scores[place + steps] + cost
        best = int(np.argmax(candidates))
        if candidates[best] > 0:
            scores[place] += candidates[best]
            before[place] = place + steps[best]
    # The last beat is the best of the last period: any earlier one could have had a follower.
    start = max(0, len(scores) - math.ceil(period))
    place = start + int(np.argmax(scores[start:]))
    places = []
    while place >= lead:
        places.append(place - lead)
        place = int(before[place])
    return np.array(places[::-1])


def _trim(places: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Without the beats before the music begins and after it ends."""
    # The strongest within three places: a beat may lie beside its onset by the grid.
    near = np.array([strengths[max(place - 3, 0) : place + 4].max() for place in places])
    heard = np.flatnonzero(near > 0.25 * np.median(near))
    return places[heard[0] : heard[-1] + 1] if len(heard) else places[:0]
