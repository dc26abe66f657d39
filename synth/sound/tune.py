"""A tune made of nothing, to try films of sound with: drums, a bass, chords, a break, an end.

In: seconds and a tempo. Out: samples in [-1, 1]. It whispers, grows, stops, and comes back louder,
so that everything that a motion of sound listens to happens in it. Same numbers, same tune.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

Wave = Float32[np.ndarray, " sample"]

RATE_HZ = 22_050
#: Chords of four bars, in half tones above A: A minor, F, C, G.
_CHORDS = ((0, 3, 7), (-4, 0, 3), (3, 7, 10), (-2, 2, 5))
_A_HZ = 220.0
_BEATS_PER_BAR = 4


def make_tune(bars: int = 8, bpm: float = 112.0, seed: int = 0) -> Wave:
    """`bars` bars of four beats, and a second to ring out. Raises ValueError for none.

    The first quarter is chords alone, then a melody and drums join; the last beats before the
    last quarter are silent.
    """
    if not (1 <= bars <= 10_000 and 30 <= bpm <= 300):
        raise ValueError(
            f"needs 1 to 10000 bars at 30 to 300 beats a minute; got {bars} at {bpm:g}; try 8"
        )
    beat_s = 60 / bpm
    wave = np.zeros(round((bars * _BEATS_PER_BAR * beat_s + 1) * RATE_HZ))
    random = np.random.default_rng(seed)
    for bar in range(bars):
        start_s = bar * _BEATS_PER_BAR * beat_s
        part = 4 * bar // bars  # 0 quiet, 1 melody, 2 drums, 3 everything
        quiet = part == 2 and 4 * (bar + 1) // bars == 3  # the bar before the last quarter
        _play_bar(wave, _Bar(start_s, beat_s, bar, part, 2 if quiet else 4), random)
    wave *= 0.9 / max(np.abs(wave).max(), 1e-9)
    return wave.astype(np.float32)


class _Bar:
    """Where a bar begins, how long its beats are, its number, its part and its beats played."""

    def __init__(self, start_s: float, beat_s: float, number: int, part: int, beats: int) -> None:
        self.start_s, self.beat_s, self.number = start_s, beat_s, number
        self.part, self.beats = part, beats


def _play_bar(wave: np.ndarray, bar: _Bar, random: np.random.Generator) -> None:
    chord = _CHORDS[bar.number % len(_CHORDS)]
    loud = (0.25, 0.45, 0.75, 1.0)[bar.part]
    length_s = bar.beats * bar.beat_s
    for tone in chord:
        _add(wave, bar.start_s, 0.16 * loud * _make_tone(_A_HZ, tone, length_s, 1.2))
    for beat in range(bar.beats):
        start_s = bar.start_s + beat * bar.beat_s
        if bar.part >= 1:
            for half in (0.0, 0.5):
                tone = chord[random.integers(3)] + 12 * random.integers(1, 3)
                note = _make_tone(_A_HZ, int(tone), bar.beat_s * 0.5, 0.15)
                _add(wave, start_s + half * bar.beat_s, 0.2 * loud * note)
        if bar.part >= 2 or (bar.part == 1 and beat == 0):
            _add(wave, start_s, loud * _make_kick())
        if bar.part >= 2 and beat % 2 == 1:
            _add(wave, start_s, 0.5 * loud * _make_noise(random, 0.18, 0.05))
        if bar.part == 3:
            _add(wave, start_s + bar.beat_s / 2, 0.25 * loud * _make_noise(random, 0.05, 0.012))


def _make_tone(base_hz: float, half_tones: int, length_s: float, decay_s: float) -> np.ndarray:
    """A plucked tone of four partials, let go before it ends so that nothing clicks."""
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    hz = base_hz * 2 ** (half_tones / 12)
    partials = [np.sin(2 * np.pi * hz * k * times_s) / k**1.5 for k in (1, 2, 3, 4)]
    shape = np.exp(-times_s / decay_s) * np.minimum(times_s / 0.006, 1)
    return sum(partials) * shape * np.minimum((length_s - times_s) / 0.04, 1)


def _make_kick() -> np.ndarray:
    times_s = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    sweep = 2 * np.pi * (50 * times_s + 4.5 * (1 - np.exp(-times_s / 0.03)))
    return np.sin(sweep) * np.exp(-times_s / 0.09)


def _make_noise(random: np.random.Generator, length_s: float, decay_s: float) -> np.ndarray:
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return random.standard_normal(len(times_s)) * 0.5 * np.exp(-times_s / decay_s)


def _add(wave: np.ndarray, start_s: float, sound: np.ndarray) -> None:
    start = round(start_s * RATE_HZ)
    part = sound[: len(wave) - start]
    wave[start : start + len(part)] += part
