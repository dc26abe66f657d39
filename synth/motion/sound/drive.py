"""What of a sound drives a face between its turns: loudness, onsets, beats.

In: a `Hearing`. Out: three curves over the film, each read at any time. docs/motions.md has the
table of what drives what.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from synth.sound.beats import FASTEST_BPM, PRIOR_BPM, SLOWEST_BPM, Beats, find_beats
from synth.sound.hearing import Hearing
from synth.sound.loudness import compute_loudness
from synth.sound.onsets import compute_novelty, draw_pulses, find_onsets

#: Curves have so many places a second: finer than any film, coarser than the spectrogram.
CURVE_HZ = 200.0
#: Loudness from which a sound is wholly there; below it everything fades.
_PRESENT = 0.1

Curve = Float[np.ndarray, " frame"]


@dataclass(frozen=True)
class DriveSettings:
    """How much each drives.

    loudness: share of an emotion's intensity that follows loudness, 0 to 1; the rest is there
    whenever there is sound (0: always). pulse: how much more at an onset, as a share.
    half_life_s: in which a pulse halves.
    sway: how far the head goes on beats, in standard deviations of the generator's faces.
    prior_bpm: the tempo that is thought likeliest before listening.
    Raises ValueError for other values.
    """

    loudness: float | int = 0.8
    pulse: float | int = 0.3
    half_life_s: float | int = 0.14
    sway: float | int = 0.35
    prior_bpm: float | int = PRIOR_BPM

    def __post_init__(self) -> None:
        limits = {
            "loudness": (0, 1),
            "pulse": (0, 2),
            "half_life_s": (0.01, 10),
            "sway": (0, 3),
            "prior_bpm": (SLOWEST_BPM, FASTEST_BPM),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"needs {name} from {least:g} to {most:g}; got {value}")


@dataclass(frozen=True, eq=False)
class Drive:
    """Curves over a film, CURVE_HZ a second, and the beats that were heard.

    loudness, pulses: in [0, 1]. presence: 1, and 0 in silence. sway: in [-1, 1], a side on each
    beat, less where it is quiet.
    """

    loudness: Curve
    presence: Curve
    pulses: Curve
    sway: Curve
    beats: Beats

    def read(self, name: str, times_s: Curve) -> Curve:
        """A curve by its name, at any times."""
        curve = getattr(self, name)
        return np.interp(times_s * CURVE_HZ, np.arange(len(curve)), curve)


def find_drive(heard: Hearing, settings: DriveSettings) -> Drive:
    """Listen for loudness, onsets and beats."""
    columns_per_s, times_s = heard.settings.columns_per_s, heard.change_times_s
    grid_s = np.arange(int(np.ceil(heard.duration_s * CURVE_HZ)) + 1) / CURVE_HZ
    smooth = compute_loudness(heard.level_db, columns_per_s)
    loudness = np.interp(grid_s, heard.column_times_s, smooth)
    novelty = compute_novelty(heard.flux, columns_per_s)
    onsets = find_onsets(novelty, times_s)
    pulses = draw_pulses(onsets, float(settings.half_life_s), heard.duration_s, CURVE_HZ)
    beats = find_beats(novelty, times_s, float(settings.prior_bpm))
    presence = (loudness / _PRESENT).clip(max=1)
    return Drive(loudness, presence, pulses * loudness, draw_sway(beats, grid_s) * loudness, beats)


def draw_sway(beats: Beats, times_s: Curve) -> Curve:
    """To one side on a beat, to the other on the next; at rest before the first, after the last."""
    if len(beats.times_s) < 2:
        return np.zeros(len(times_s))
    count = len(beats.times_s)
    gap_s = float(np.median(np.diff(beats.times_s)))
    # Half a beat from rest to the first side, and back from the last.
    at_s = np.concatenate(
        [[beats.times_s[0] - gap_s / 2], beats.times_s, [beats.times_s[-1] + gap_s / 2]]
    )
    phase = np.interp(times_s, at_s, np.concatenate([[-0.5], np.arange(count), [count - 0.5]]))
    return np.cos(np.pi * phase)
