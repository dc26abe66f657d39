"""A file of sound -> what is heard in it, with one sentence for each file that cannot be used.

In: anything that PyAV decodes. Out: a `Hearing`. The last file heard is remembered while it does
not change, since a motion is asked twice: whether it can be, and then what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from synth.progress import Progress, Report, ignore_progress
from synth.sound.hearing import Hearing, SpectrogramSettings, hear
from synth.sound.loudness import SILENT_DB
from synth.video.sound_reading import probe_sound, read_sound

#: Shorter ones hold no inflection, longer ones no film that anybody could wait for.
SHORTEST_S, LONGEST_S = 0.5, 4 * 3600.0
_REPORT_EVERY_S = 60.0
_remembered: dict[tuple, Hearing] = {}


def check_seconds_of_sound(seconds: float | int | None) -> None:
    """Raise ValueError unless `seconds` is None or a length that a film of sound can have."""
    if seconds is not None and not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError(
            f"needs from {SHORTEST_S} to {LONGEST_S:g} seconds of a sound; got {seconds}; try "
            "motion.seconds=30, or null for all of it"
        )


def load_hearing(
    path: str | Path,
    settings: SpectrogramSettings,
    seconds: float | int | None = None,
    report: Report = ignore_progress,
) -> Hearing:
    """What is heard in a file, or in so many `seconds` from its beginning.

    Raises OSError or ValueError naming the file when it has no sound, is broken, too short, too
    long or silent.
    """
    path = Path(path)
    check_seconds_of_sound(seconds)
    facts = probe_sound(path)
    if seconds is None and facts.duration_s is not None and facts.duration_s > LONGEST_S:
        raise _explain_length(path, facts.duration_s)
    status = path.stat()
    key = (path.resolve(), status.st_size, status.st_mtime_ns, settings, seconds)
    if key not in _remembered:
        heard = _hear_file(path, settings, seconds, report)
        _remembered.clear()
        _remembered[key] = heard
    return _remembered[key]


def _hear_file(
    path: Path, settings: SpectrogramSettings, seconds: float | int | None, report: Report
) -> Hearing:
    try:
        heard = hear(_watch(path, settings.rate_hz, seconds, report), settings)
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: {error}; try a longer one") from error
    if heard.duration_s < SHORTEST_S:
        raise ValueError(
            f"{path}: needs a sound of at least {SHORTEST_S} s; got {heard.duration_s:.3g} s; try "
            "a longer one"
        )
    if heard.peak_db < SILENT_DB:
        raise ValueError(
            f"{path}: needs a sound that can be heard; got silence (its loudest moment is at "
            f"{heard.peak_db:.0f} dB of full scale); try another, or make it louder"
        )
    return heard


def _watch(
    path: Path, rate_hz: int, seconds: float | int | None, report: Report
) -> Iterator[np.ndarray]:
    """Blocks of the file; reports minutes, stops one that has no end."""
    samples, told_s = 0, 0.0
    report(Progress("listen"))
    for block in read_sound(path, rate_hz, seconds):
        samples += len(block)
        heard_s = samples / rate_hz
        if heard_s > LONGEST_S:
            raise _explain_length(path, heard_s)
        if heard_s - told_s >= _REPORT_EVERY_S:
            told_s = heard_s
            report(Progress("listen", round(heard_s)))
        yield block


def _explain_length(path: Path, got_s: float) -> ValueError:
    return ValueError(
        f"{path}: needs a sound of at most {LONGEST_S / 3600:g} hours; got {got_s / 3600:.3g}; try "
        "motion.seconds=600 for its beginning, or cut it"
    )
