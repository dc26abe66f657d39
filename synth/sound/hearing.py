"""One pass over a sound, in constant memory: everything that later steps ask of it.

In: blocks of samples. Out: a `Hearing`: series with one number for each column of the spectrogram,
and a small picture of the spectrogram itself, which is never kept whole (an hour of columns would
fill a gigabyte).

Symbols: S [bin, column] the spectrogram (scipy.signal.spectrogram, Hann window); column i is
centred at (window / 2 + i hop) / rate seconds; TV[i] = mean |S[:, i] - S[:, i + 1]| over bins, the
change from column i to the next (Castro 2020, algorithm 1, line 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.signal import spectrogram

from synth.sound.pooling import PooledColumns

Series = Float[np.ndarray, " column"]
Columns = Float32[np.ndarray, "bin column"]

#: How a spectrogram is scaled before its changes are measured.
SCALES = ("log", "magnitude", "power")
#: Samples worth a call of the transform.
_BLOCK = 1 << 17
#: log(1 + 1000 m) follows loudness from a whisper up, and leaves the noise below it alone.
_COMPRESSION = 1000.0
#: Mean square of a Hann window over the square of its mean.
_HANN_BANDWIDTH = 1.5
_SILENCE_POWER = 1e-12


@dataclass(frozen=True)
class SpectrogramSettings:
    """How a sound is cut into columns.

    rate_hz: samples a second after mixing to one channel. window, hop: samples, 256 and 128 in the
    paper's program. scale: of S where changes are
    measured: log (1 + 1000 magnitude), magnitude, or power as in the paper.
    Raises ValueError for sizes that make no spectrogram.
    """

    rate_hz: int = 22_050
    window: int = 256
    hop: int = 128
    scale: str = "log"

    def __post_init__(self) -> None:
        if not 2000 <= self.rate_hz <= 192_000:
            raise ValueError(
                f"needs a rate from 2000 to 192000 Hz; got rate_hz={self.rate_hz}; try 22050"
            )
        if not 16 <= self.window <= 65_536:
            raise ValueError(
                f"needs a window of 16 to 65536 samples; got window={self.window}; try 256"
            )
        if not 8 <= self.hop <= self.window:
            raise ValueError(
                f"needs a hop of 8 samples up to the window's {self.window}; got hop={self.hop}; "
                "try half the window"
            )
        if self.scale not in SCALES:
            raise ValueError(
                f"needs a scale out of {', '.join(SCALES)}; got {self.scale!r}; try log"
            )

    @property
    def columns_per_s(self) -> float:
        """Columns a second."""
        return self.rate_hz / self.hop


@dataclass(frozen=True, eq=False)
class Hearing:
    """What was heard.

    duration_s: of the sound. variation: TV [column - 1], in units of its mean. flux: what became
    louder, [column - 1]. level_db: loudness of each column [column], in dB of full scale.
    picture: power of the spectrogram [bin, picture column], columns pooled to at most 2400.
    """

    settings: SpectrogramSettings
    duration_s: float
    variation: Float[np.ndarray, " change"]
    flux: Float[np.ndarray, " change"]
    level_db: Series
    picture: Float[np.ndarray, "bin pooled"]

    @property
    def column_times_s(self) -> Series:
        """The middle of each column in seconds."""
        settings = self.settings
        middle = settings.window / 2 + np.arange(len(self.level_db)) * settings.hop
        return middle / settings.rate_hz

    @property
    def change_times_s(self) -> Float[np.ndarray, " change"]:
        """The middle between each column and the next in seconds."""
        return self.column_times_s[:-1] + 0.5 / self.settings.columns_per_s

    @property
    def peak_db(self) -> float:
        """Loudness of the loudest column, in dB of full scale."""
        return float(self.level_db.max())


def hear(blocks: Iterable[np.ndarray], settings: SpectrogramSettings) -> Hearing:
    """Samples in [-1, 1], block by block -> what is heard in them.

    Raises ValueError for fewer samples than two columns need.
    """
    counter = _Counter(blocks)
    variation, flux, levels = [], [], []
    pooled = PooledColumns()
    last: np.ndarray | None = None
    for power in iterate_columns(counter, settings):
        levels.append(10 * np.log10(power.sum(0) / _HANN_BANDWIDTH + _SILENCE_POWER))
        pooled.add(power)
        joined = power if last is None else np.concatenate([last, power], axis=1)
        variation.append(np.abs(np.diff(_scale(joined, settings.scale), axis=1)).mean(0))
        flux.append(np.diff(_scale(joined, "log"), axis=1).clip(min=0).mean(0))
        last = power[:, -1:]
    duration_s = counter.samples / settings.rate_hz
    if sum(map(len, levels)) < 2:
        needed_s = (settings.window + settings.hop) / settings.rate_hz
        raise ValueError(f"needs a sound of at least {needed_s:.3g} s; got {duration_s:.3g} s")
    changes = np.concatenate(variation).astype(float)
    mean = changes.mean()
    return Hearing(
        settings,
        duration_s,
        changes / mean if mean > 0 else changes,
        np.concatenate(flux).astype(float),
        np.concatenate(levels).astype(float),
        pooled.collect(),
    )


def iterate_columns(
    blocks: Iterable[np.ndarray], settings: SpectrogramSettings
) -> Iterator[Columns]:
    """Power [bin, column], some columns at a time: the same however the samples are cut up.

    What is left at the end and fills no window is dropped.
    """
    waiting: list[np.ndarray] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= max(_BLOCK, settings.window):
            samples = np.concatenate(waiting)
            yield _transform(samples, settings)
            rest = samples[_count_columns(size, settings) * settings.hop :]
            waiting, size = [rest], len(rest)
    if size >= settings.window:
        yield _transform(np.concatenate(waiting), settings)


def _count_columns(samples: int, settings: SpectrogramSettings) -> int:
    return 1 + (samples - settings.window) // settings.hop


def _transform(samples: np.ndarray, settings: SpectrogramSettings) -> Columns:
    _, _, power = spectrogram(
        samples,
        window="hann",
        nperseg=settings.window,
        noverlap=settings.window - settings.hop,
        detrend=False,  # pyright: ignore[reportArgumentType]
        scaling="spectrum",
    )
    return power.astype(np.float32, copy=False)


def _scale(power: np.ndarray, scale: str) -> np.ndarray:
    if scale == "power":
        return power
    magnitude = np.sqrt(power)
    return magnitude if scale == "magnitude" else np.log1p(_COMPRESSION * magnitude)


class _Counter:
    """Blocks as they are, counted on the way."""

    def __init__(self, blocks: Iterable[np.ndarray]) -> None:
        self._blocks, self.samples = blocks, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self._blocks:
            self.samples += len(block)
            yield block
