"""Where in a map of fluctuations the pattern lies: its scale and shift, by the waves known to all.

In: a map from `whitening`. Out: candidates (scale, shift, score). For each scale the map's spectrum
is taken at the pattern's waves; multiplied with the known waves' conjugates and transformed back it
gives the score of all shifts at once (phase correlation: Kuglin and Hines, The phase correlation
image alignment method, IEEE Conference on Cybernetics and Society, 1975).

A score is a sum of a_k cos(theta_k), divided by sqrt(sum a_k^2 / 2), where theta_k is the angle
between wave k in the picture and in the pattern. The a_k come from the picture alone, and of a
picture that knows nothing of the pattern the angles are uniform: by Hoeffding's inequality a score
above s has then a probability of at most exp(-s^2 / 2), whatever the picture shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Complex64, Float
from scipy.fft import irfft2

from synth.film.marks.pattern import MOST, TILE, compute_waves, list_waves
from synth.film.marks.whitening import Map

#: Sides of the picture before it was cut, in sides of the one at hand: a picture of which 60 % are
#: left has 1.67, one on a screen of twice its height 0.5.
LEAST_SCALE, MOST_SCALE, SCALE_STEP = 0.6, 1.75, 0.005
#: Around a promising scale the search is so much finer.
FINE_STEP, FINE_STEPS = 0.001, 4
#: Waves up to so many periods in a tile are believed: compression leaves the long ones alone.
CUTS = (18.0, 28.0, MOST)
#: The rough search is made on a map of so many pixels.
COARSE_PX = 256
_RING_WAVES, _LOUDEST = 40, 2.0

Spectrum = Complex64[np.ndarray, " wave"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A place where the pattern may be. shift: units of the tile, down and to the right."""

    score: float
    scale: float
    shift: tuple[float, float]
    cut: float
    spectrum: Spectrum


def search_scale(found: Map, scale: float) -> Candidate:
    """The best shift at one scale, of all cuts."""
    spectrum = soften(take_spectrum(found, scale, MOST), MOST)
    return max((_find_shift(spectrum, scale, cut) for cut in CUTS), key=_get_score)


def search_all_scales(found: Map) -> Iterator[Candidate]:
    """The best candidate of each scale in the range, roughly, from the whole picture outwards."""
    side_px = min(found.shape)
    if side_px > COARSE_PX:
        size = (round(found.shape[1] * COARSE_PX / side_px), COARSE_PX)
        if found.shape[0] > found.shape[1]:
            size = (COARSE_PX, round(found.shape[0] * COARSE_PX / side_px))
        found = cv2.resize(found, size, interpolation=cv2.INTER_AREA)
    for scale in sorted(list_scales(), key=lambda scale: abs(np.log(scale))):
        yield search_scale(found, scale)


def list_scales() -> list[float]:
    """The scales of the rough search."""
    steps = int(np.log(MOST_SCALE / LEAST_SCALE) / SCALE_STEP)
    return (LEAST_SCALE * np.exp(SCALE_STEP * np.arange(steps + 1))).tolist()


def refine(found: Map, candidate: Candidate) -> Candidate:
    """The best candidate in the neighbourhood of one."""
    offsets = FINE_STEP * np.arange(-FINE_STEPS, FINE_STEPS + 1)
    scales = (candidate.scale * np.exp(offsets)).tolist()
    return max((search_scale(found, scale) for scale in scales), key=_get_score)


def count_tests(refined: int) -> int:
    """How many scores a whole search looks at: so many tries has chance."""
    scales = len(list_scales()) + 1 + refined * (2 * FINE_STEPS + 1)
    return TILE**2 * len(CUTS) * scales


def take_spectrum(found: Map, scale: float, cut: float) -> Spectrum:
    """The map's Fourier coefficients at the pattern's waves; 0 at those beyond the cut."""
    down, right = compute_waves(found.shape, min(found.shape) * scale, int(cut))
    # The map is real: real products take half the time of complex ones.
    both = np.concatenate([np.real(down), -np.imag(down)]) @ found
    columns = both[: len(down)] + 1j * both[len(down) :]
    table = columns @ right.conj().T
    waves = list_waves()
    kept = waves.radius <= cut
    spectrum = np.zeros(len(kept), np.complex64)
    spectrum[kept] = table[waves.rows[kept] + int(cut), waves.columns[kept]]
    return spectrum


def soften(spectrum: Spectrum, cut: float) -> Spectrum:
    """Magnitudes in units of those of waves of like length, the loudest clipped."""
    magnitude = np.abs(spectrum)
    order, starts, waves_in_ring = _list_rings(cut)
    power = np.add.reduceat(magnitude[order] ** 2, starts)
    usual = np.ones_like(magnitude)
    usual[order] = np.repeat(np.sqrt(power / waves_in_ring) + 1e-12, waves_in_ring)
    loudness = np.maximum(magnitude / usual, 1e-12)
    return (spectrum / usual * np.minimum(1, _LOUDEST / loudness)).astype(np.complex64)


@cache
def _list_rings(cut: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Waves up to the cut by length, where rings of waves begin among them, and their numbers."""
    radius = list_waves().radius
    order = np.argsort(radius, kind="stable")[: int((radius <= cut).sum())]
    starts = np.arange(0, len(order), _RING_WAVES)
    return order, starts, np.diff(np.append(starts, len(order)))


def turn_back(candidate: Candidate) -> Float[np.ndarray, " wave"]:
    """What each wave says about its sign, had the pattern that shift; waves beyond the cut: 0."""
    waves = list_waves()
    down, right = candidate.shift
    turned = np.exp(1j * (2 * np.pi / TILE * (waves.rows * down + waves.columns * right)))
    kept = waves.radius <= candidate.cut
    return kept * np.real(candidate.spectrum * turned * np.exp(-1j * waves.phases))


def compute_score(values: np.ndarray, spectrum: np.ndarray) -> float:
    """A sum of waves' values in the unit in which chance is bounded (see above)."""
    return float(values.sum() / np.sqrt(np.sum(np.abs(spectrum) ** 2) / 2 + 1e-12))


def _find_shift(spectrum: Spectrum, scale: float, cut: float) -> Candidate:
    kept, turns, rows, columns = _list_known(cut)
    values = spectrum[kept] * turns
    # The real part of the sum over half a plane of waves is half a real sum over the whole plane;
    # of its columns the transform wants those from 0 on, of the first one both halves.
    table = np.zeros((TILE, TILE // 2 + 1), np.complex64)
    table[rows, columns] = values / 2
    first = columns == 0
    table[-rows[first], 0] = np.conj(values[first]) / 2
    sums = np.asarray(irfft2(table, (TILE, TILE), norm="forward"))
    place = np.unravel_index(sums.argmax(), sums.shape)
    score = sums[place] / np.sqrt(np.sum(np.abs(values) ** 2) / 2 + 1e-12)
    shift = (float(place[0]), float(place[1]))
    return Candidate(float(score), scale, shift, cut, spectrum)


@cache
def _list_known(cut: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The known waves up to the cut, what turns them to phase 0, and their numbers of periods."""
    waves = list_waves()
    kept = np.flatnonzero(waves.are_known & (waves.radius <= cut))
    turns = np.exp(-1j * waves.phases[kept]).astype(np.complex64)
    return kept, turns, waves.rows[kept], waves.columns[kept]


def _get_score(candidate: Candidate) -> float:
    return candidate.score
