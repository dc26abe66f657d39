"""Where a sound changes most, and how far it has come from one such place to the next.

In: the total variation TV [column - 1] of a spectrogram of T columns. Out: inflection points, and
alpha, which leads from each to the next. Castro 2020, *GANterpretations*,
algorithm 1; slices as in Python, their ends excluded.

Symbols: L the rolling length in columns, delta the threshold, t a column's number.

    line 5  prevMean = mean TV[t - 1 - L : t - 1]
    line 6  nextMean = mean TV[t + 1 : t + 1 + L]
    line 7  t is an inflection where TV[t] is above both means, or below both, by more than delta
    line 12 alpha[t] = sum TV[a : t] on the way from inflection a to the next one, b,
            here over sum TV[a : b], so that it ends at 1 (in the paper over b - a)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

#: Which inflections count: louder changes than around them, smaller ones, both, or none at all.
EXTREMA = ("peaks", "troughs", "both", "none")


def find_inflections(
    variation: Float[np.ndarray, " change"], length: int, threshold: float, extrema: str = "both"
) -> Int[np.ndarray, " inflection"]:
    """Algorithm 1, lines 3 to 9: column numbers from 0 to T - 1, both always among them.

    Only t with both windows whole are asked, L + 1 <= t <= T - 2 - L.
    """
    last = len(variation)
    strengths = measure_strengths(variation, length, extrema)
    inner = np.flatnonzero(strengths > threshold)
    return np.unique(np.concatenate([[0], inner, [last]])).astype(int)


def measure_strengths(
    variation: Float[np.ndarray, " change"], length: int, extrema: str = "both"
) -> Float[np.ndarray, " change"]:
    """The largest threshold below which each t is an inflection; -1 where it is none at all."""
    strengths = np.full(len(variation), -1.0)
    times = np.arange(length + 1, len(variation) - length)
    if not len(times) or extrema == "none":
        return strengths
    summed = accumulate(variation)
    means = (summed[length:] - summed[:-length]) / length  # [start of slice]
    above_before = variation[times] - means[times - 1 - length]
    above_after = variation[times] - means[times + 1]
    same = np.sign(above_before) == np.sign(above_after)
    if extrema == "peaks":
        same &= above_before > 0
    elif extrema == "troughs":
        same &= above_before < 0
    least = np.minimum(np.abs(above_before), np.abs(above_after))
    strengths[times] = np.where(same, least, -1.0)
    return strengths


def thin_out(
    times_s: Sequence[float] | np.ndarray,
    strengths: Sequence[float] | np.ndarray,
    least_gap_s: float,
    end_s: float,
) -> list[int]:
    """Indices of inflections that stay, so that all are `least_gap_s` apart, the strongest first.

    0 and `end_s` stand by themselves; indices come in the order of time.
    """
    taken = [0.0, end_s]
    chosen = []
    # Of equals the earlier one, so that the same sound always gives the same film.
    for index in np.argsort(-np.asarray(strengths, float), kind="stable").tolist():
        time_s = float(times_s[index])
        place = bisect_left(taken, time_s)
        near = taken[max(place - 1, 0) : place + 1]
        if all(abs(time_s - other) >= least_gap_s for other in near):
            taken.insert(place, time_s)
            chosen.append(index)
    return sorted(chosen, key=lambda index: times_s[index])


def accumulate(variation: Float[np.ndarray, " change"]) -> Float[np.ndarray, " column"]:
    """Sum of TV before each column, 0 at the first: what alpha is made of."""
    return np.concatenate([[0.0], np.cumsum(variation)])


def compute_alphas(
    variation: Float[np.ndarray, " change"], inflections: Sequence[int] | np.ndarray
) -> Float[np.ndarray, " column"]:
    """Lines 10 to 14: alpha at every column, 1 at each inflection but the first, where it is 0.

    Where nothing changes at all between two inflections, it rises evenly.
    """
    summed = accumulate(variation)
    alphas = np.zeros(len(summed))
    for start, stop in pairwise(inflections):
        whole = summed[stop] - summed[start]
        steps = np.arange(1, stop - start + 1)
        part = summed[start + 1 : stop + 1] - summed[start]
        alphas[start + 1 : stop + 1] = part / whole if whole > 0 else steps / (stop - start)
    return alphas
