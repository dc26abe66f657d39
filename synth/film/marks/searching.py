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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Complex64, Float

from synth.film.marks.pattern import MOST, TILE, compute_waves, list_waves
from synth.film.marks.whitening import Map

#: Sides of the picture before it was cut, in sides of the one at hand: a picture of which 60 % are
#: left has 1.67, one on a screen of twice its height 0.5.
LEAST_SCALE, MOST_SCALE, SCALE_STEP = 0.6, 1.75, 0.005
#: Around a promising scale the search is so much finer.
FINE_STEP, FINE_STEPS = 0.001, 4
#: Waves up to so many periods in a tile are believed: compression leaves the long ones alone.
CUTS = (18.0, 28.0, MOST)
COARSE_CUTS = (18.0, 28.0)
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


def search_scale(found: Map, scale: float, cuts: Sequence[float] = CUTS) -> Candidate:
    """The best shift at one scale, of all cuts."""
    waves = list_waves()
    is_needed = waves.radius <= max(cuts)
    spectrum = soften(take_spectrum(found, scale, max(cuts)), is_needed)
    return max((_find_shift(spectrum, scale, cut) for cut in cuts), key=_get_score)


def search_all_scales(found: Map) -> Iterator[Candidate]:
    """The best candidate of each scale in the range, roughly, from the whole picture outwards."""
    side_px = min(found.shape)
    if side_px > COARSE_PX:
        size = (round(found.shape[1] * COARSE_PX / side_px), COARSE_PX)
        if found.shape[0] > found.shape[1]:
            size = (COARSE_PX, round(found.shape[0] * COARSE_PX / side_px))
        found = cv2.resize(found, size, interpolation=cv2.INTER_AREA)
    for scale in sorted(list_scales(), key=lambda scale: abs(np.log(scale))):
        yield search_scale(found, scale, COARSE_CUTS)


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
    fine = len(CUTS) * (1 + refined * (2 * FINE_STEPS + 1))
    return TILE**2 * (len(COARSE_CUTS) * len(list_scales()) + fine)


def take_spectrum(found: Map, scale: float, cut: float) -> Spectrum:
    """The map's Fourier coefficients at the pattern's waves; 0 at those beyond the cut."""
    down, right = compute_waves(found.shape, min(found.shape) * scale, int(cut))
    # The map is real: two real products take half the time of one complex product.
    columns = np.real(down) @ found - 1j * (np.imag(down) @ found)
    table = columns @ right.conj().T
    waves = list_waves()
    kept = waves.radius <= cut
    spectrum = np.zeros(len(kept), np.complex64)
    spectrum[kept] = table[waves.rows[kept] + int(cut), waves.columns[kept]]
    return spectrum


def soften(spectrum: Spectrum, is_needed: np.ndarray) -> Spectrum:
    """Magnitudes in units of those of waves of like length, the loudest clipped."""
    magnitude = np.abs(spectrum)
    order = np.argsort(list_waves().radius, kind="stable")[: int(is_needed.sum())]
    starts = np.arange(0, len(order), _RING_WAVES)
    power = np.add.reduceat(magnitude[order] ** 2, starts)
    waves_in_ring = np.diff(np.append(starts, len(order)))
    usual = np.ones_like(magnitude)
    usual[order] = np.repeat(np.sqrt(power / waves_in_ring) + 1e-12, waves_in_ring)
    loudness = np.maximum(magnitude / usual, 1e-12)
    return (spectrum / usual * np.minimum(1, _LOUDEST / loudness)).astype(np.complex64)


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
    waves = list_waves()
    kept = waves.are_known & (waves.radius <= cut)
    table = np.zeros((TILE, TILE), np.complex64)
    values = spectrum[kept] * np.exp(-1j * waves.phases[kept])
    table[waves.rows[kept], waves.columns[kept]] = values
    sums = np.fft.ifft2(table).real * TILE**2
    place = np.unravel_index(sums.argmax(), sums.shape)
    score = sums[place] / np.sqrt(np.sum(np.abs(values) ** 2) / 2 + 1e-12)
    shift = (float(place[0]), float(place[1]))
    return Candidate(float(score), scale, shift, cut, spectrum)


def _get_score(candidate: Candidate) -> float:
    return candidate.score
