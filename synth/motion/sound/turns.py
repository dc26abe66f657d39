"""When a film of sound turns to something else: inflections, thinned out, and silences.

In: a `Hearing`. Out: `Turn`s in the order of time, the first at 0, the last at the end, and how far
the film is between them at any time.

Symbols: alpha in [0, 1] from each turn to the next (synth/sound/inflections.py), the step tau = k +
alpha between turn k and turn k + 1: one number for where the film is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from synth.sound.hearing import Hearing
from synth.sound.inflections import EXTREMA, accumulate, measure_strengths, thin_out
from synth.sound.loudness import Silence, find_silences

#: What a silence within a sound does.
SILENCES = ("cut", "turn", "ignore")
#: Each keeps a W+ in memory while its film is made.
MOST_TURNS = 10_000

Seconds = Float[np.ndarray, " frame"]


@dataclass(frozen=True)
class TurnSettings:
    """Which moments of a sound the film turns at.

    rolling_s: L, the length of both rolling means. threshold: delta, in units of the sound's mean
    variation. smoothing_s: spread over which variation is smoothed for alpha, so that a single hit
    moves the face within some frames, not one; 0 for the paper's alpha.
    extrema: peaks, troughs, both, or none where silences alone count. least_gap_s: a film turns no
    sooner again; of nearer inflections the stronger stays.
    silence: what a silence does: cut (the film waits, then jumps in its middle), turn (as an
    inflection), ignore. silence_db, silence_s: how far below loud, for how long, counts as one.
    Raises ValueError for other values.
    """

    rolling_s: float | int = 0.35
    threshold: float | int = 0.5
    smoothing_s: float | int = 0.1
    extrema: str = "peaks"
    least_gap_s: float | int = 1.2
    silence: str = "cut"
    silence_db: float | int = 40.0
    silence_s: float | int = 0.3

    def __post_init__(self) -> None:
        _check_range("rolling_s", self.rolling_s, 0.005, 600)
        _check_range("threshold", self.threshold, 0, 1000)
        _check_range("smoothing_s", self.smoothing_s, 0, 60)
        _check_range("least_gap_s", self.least_gap_s, 0.1, 3600)
        _check_range("silence_db", self.silence_db, 1, 120)
        _check_range("silence_s", self.silence_s, 0.05, 3600)
        _check_choice("extrema", self.extrema, EXTREMA)
        _check_choice("silence", self.silence, SILENCES)


@dataclass(frozen=True)
class Turn:
    """A moment at which the film is wholly at one category.

    reason: start, peak, trough, silence, end. cut: the film jumps here instead of moving.
    """

    time_s: float
    reason: str
    cut: bool = False


@dataclass(frozen=True, eq=False)
class Turns:
    """All turns of a film, and what changed before any time: TV summed, at `flow_times_s`."""

    turns: tuple[Turn, ...]
    flow_times_s: Seconds
    flow: Seconds

    def find_steps(self, times_s: Seconds) -> Seconds:
        """tau at any times, from 0 to the number of the last turn."""
        at_s = np.array([turn.time_s for turn in self.turns])
        cuts = np.array([turn.cut for turn in self.turns])
        times_s = np.clip(times_s, 0, at_s[-1])
        start = np.clip(np.searchsorted(at_s, times_s, side="right") - 1, 0, len(at_s) - 2)
        flow, here = self._measure(at_s), self._measure(times_s)
        whole = flow[start + 1] - flow[start]
        even = (times_s - at_s[start]) / (at_s[start + 1] - at_s[start])
        alphas = np.where(whole > 0, (here - flow[start]) / np.where(whole > 0, whole, 1), even)
        # Before a cut the film waits where it is.
        alphas = np.where(cuts[start + 1], (times_s >= at_s[start + 1]).astype(float), alphas)
        return start + alphas.clip(0, 1)

    def _measure(self, times_s: Seconds) -> Seconds:
        return np.interp(times_s, self.flow_times_s, self.flow)


def find_turns(heard: Hearing, settings: TurnSettings) -> Turns:
    """The turns of a film as long as the sound. Raises ValueError for too many."""
    times_s, length = heard.change_times_s, _count_columns(heard, settings.rolling_s)
    strengths = measure_strengths(heard.variation, length, settings.extrema)
    found = np.flatnonzero(strengths > settings.threshold)
    silences = _list_silences(heard, settings)
    candidates = [Turn(s.middle_s, "silence", settings.silence == "cut") for s in silences]
    weights = [1e9 + silence.length_s for silence in silences]  # before any inflection
    for index in found.tolist():
        around = heard.variation[index + 1 : index + 1 + length].mean()
        reason = "peak" if heard.variation[index] > around else "trough"
        candidates.append(Turn(float(times_s[index]), reason))
        weights.append(float(strengths[index]))
    seconds = [turn.time_s for turn in candidates]
    chosen = thin_out(seconds, weights, float(settings.least_gap_s), heard.duration_s)
    if len(chosen) + 2 > MOST_TURNS:
        raise ValueError(
            f"needs at most {MOST_TURNS:,} turns; got {len(chosen) + 2:,}; try a longer "
            "motion.turns.least_gap_s, or part of the sound with motion.seconds"
        )
    inner = [candidates[index] for index in chosen]
    turns = (Turn(0.0, "start"), *inner, Turn(heard.duration_s, "end"))
    variation = heard.variation
    if settings.smoothing_s:
        spread = settings.smoothing_s * heard.settings.columns_per_s
        variation = gaussian_filter1d(variation, spread, mode="nearest")
    return Turns(turns, _list_flow_times(heard), accumulate(variation))


def _list_flow_times(heard: Hearing) -> Seconds:
    """When each sum of TV is reached: the first at 0, the last at the end of the sound."""
    times_s = heard.change_times_s
    return np.concatenate([[0.0], times_s[1:], [heard.duration_s]])


def _list_silences(heard: Hearing, settings: TurnSettings) -> list[Silence]:
    """Silences between sounds; what is before the first and after the last divides nothing."""
    if settings.silence == "ignore":
        return []
    times_s = heard.column_times_s
    found = find_silences(heard.level_db, times_s, settings.silence_db, float(settings.silence_s))
    return [s for s in found if s.start_s > times_s[0] and s.end_s < times_s[-1]]


def _count_columns(heard: Hearing, seconds: float | int) -> int:
    return max(1, round(seconds * heard.settings.columns_per_s))


def _check_range(name: str, value: float | int, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"needs {name} from {least:g} to {most:g}; got {value}")


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"needs {name} out of {', '.join(known)}; got {value!r}; try {known[0]}")
