"""Smooth the points of a face over time, without lag: still faces hold still, moving ones move.

In: times in seconds and points [frame, 68, 2], NaN rows where the face was not seen. Out: the
smoothed points of one frame [68, 2].

Two zero-lag estimates are made for the frame: local straight lines fitted under a Gaussian window
(Cleveland, 1979), one wide (`still_s`) and one narrow (`moving_s`), in seconds, so that another
frame rate gives the same. Lines, not means, since at the ends of a shot means would lag. Then

    d2 = mean squared difference of the two;  n2 = what noise alone would make of it
    result = narrow + (wide - narrow) / (1 + (d2 / (4 n2))^2)

with the noise of the points measured from their second differences. A face at rest gets the wide
window, a nod the narrow one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from embed.faces.base import Points

Times = Float[np.ndarray, " frame"]
Track = Float[np.ndarray, "frame 68 2"]

#: Standard deviations after which a window ends.
WINDOW_REACH = 2.5
#: d2 / n2 at which both estimates count the same.
EVEN_RATIO = 4.0
#: Noise is never taken for less than this part of the face's spread.
LEAST_NOISE = 0.002


@dataclass(frozen=True)
class Smoothing:
    """Windows in seconds: standard deviations for a still and a moving face, longest gap bridged.

    Raises ValueError unless 0 < moving_s <= still_s and bridge_s >= 0.
    """

    still_s: float = 0.3
    moving_s: float = 0.05
    bridge_s: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.moving_s <= self.still_s or not 0 <= self.bridge_s < float("inf"):
            raise ValueError(
                "needs 0 < moving_s <= still_s and bridge_s of 0 or more, in seconds; got "
                f"{self.moving_s}, {self.still_s}, {self.bridge_s}"
            )

    @property
    def reach_s(self) -> float:
        """How far before and after a frame others count in it."""
        return max(WINDOW_REACH * self.still_s, self.bridge_s)


def smooth_points(times_s: Times, track: Track, smoothing: Smoothing) -> Track:
    """Every frame smoothed with the whole track at hand; NaN rows in gaps too long to bridge."""
    bridged = bridge_gaps(times_s, track, smoothing.bridge_s)
    return np.stack([smooth_at(times_s, bridged, k, smoothing) for k in range(len(track))])


def smooth_at(times_s: Times, bridged: Track, at: int, smoothing: Smoothing) -> Points:
    """The smoothed points of frame `at` [68, 2]; NaN when its row is.

    Only the unbroken run of rows around it takes part.
    """
    missing = np.asarray(np.isnan(bridged).any(axis=(1, 2)))
    if missing[at]:
        return np.full(bridged.shape[1:], np.nan)
    gaps = np.flatnonzero(missing)
    first = int(gaps[gaps < at].max(initial=-1)) + 1
    last = int(gaps[gaps > at].min(initial=len(bridged)))
    away_s = times_s[first:last] - times_s[at]
    within = np.abs(away_s) <= WINDOW_REACH * smoothing.still_s
    away_s, rows = away_s[within], bridged[first:last][within]
    wide_weights = weigh_line(away_s, smoothing.still_s)
    narrow_weights = weigh_line(away_s, smoothing.moving_s)
    narrow = np.tensordot(narrow_weights, rows, axes=1)
    step = np.tensordot(wide_weights, rows, axes=1) - narrow
    noise = _measure_noise(rows, away_s, smoothing.still_s)
    expected = noise**2 * float(((wide_weights - narrow_weights) ** 2).sum())
    ratio = float((step**2).mean()) / expected if expected > 0 else 0.0
    return narrow + step / (1 + (ratio / EVEN_RATIO) ** 2)


def bridge_gaps(times_s: Times, track: Track, bridge_s: float) -> Track:
    """Straight lines over gaps between two sightings at most `bridge_s` apart; a copy."""
    bridged = track.astype(np.float64)
    seen = np.flatnonzero(~np.isnan(track).any(axis=(1, 2)))
    for before, after in pairwise(seen):
        span_s = times_s[after] - times_s[before]
        if after == before + 1 or span_s > bridge_s:
            continue
        part = (times_s[before + 1 : after] - times_s[before]) / span_s
        step = bridged[after] - bridged[before]
        bridged[before + 1 : after] = bridged[before] + part[:, None, None] * step
    return bridged


def weigh_line(away_s: Times, deviation_s: float) -> Times:
    """Weights whose sum with the rows is, at 0, the line fitted under a Gaussian window."""
    near = np.exp(-0.5 * (away_s / deviation_s) ** 2)
    near[np.abs(away_s) > WINDOW_REACH * deviation_s] = 0.0
    s0, s1, s2 = (float((near * away_s**power).sum()) for power in (0, 1, 2))
    spread = s0 * s2 - s1**2
    # One row alone, or rows at one time, make no line: then their mean.
    if spread <= 1e-12 * max(s0 * s2, 1e-300):
        return near / s0
    return near * (s2 - s1 * away_s) / spread


def _measure_noise(rows: Track, away_s: Times, deviation_s: float) -> float:
    """Standard deviation of a coordinate's noise in pixels, by second differences."""
    spread = float(rows.std(axis=1).mean())
    least = LEAST_NOISE * spread
    if len(rows) < 3:
        return least
    near = np.exp(-0.5 * (away_s[1:-1] / deviation_s) ** 2)
    bends = ((rows[2:] - 2 * rows[1:-1] + rows[:-2]) ** 2).mean(axis=(1, 2))
    # White noise of variance v has second differences of variance 6 v.
    return max(least, float(np.sqrt((near * bends).sum() / (6 * near.sum()))))
