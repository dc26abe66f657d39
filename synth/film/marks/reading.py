"""The watermark, read: is it in these frames, and whose is it?

In: uint8 frames of a film or picture. Out: what was found, with a bound on the probability that
chance did it. Two tests, each allowed half of the false alarms (docs/marks.md derives the bound):

    known waves   the pattern is there, at the best of all scales and shifts that are looked at
    all waves     it is there and says this identifier, the best of all 2^32
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from synth.film.marks.convolutional_code import CODE_BITS, ID_BITS, decode_id, encode_id
from synth.film.marks.pattern import list_waves
from synth.film.marks.searching import (
    Candidate,
    compute_score,
    count_tests,
    refine,
    search_all_scales,
    search_scale,
    turn_back,
)
from synth.film.marks.watermark import LEAST_SIDE_PX
from synth.film.marks.whitening import Map, average_fluctuations
from synth.types import Frames

#: Of so many files without a mark, at most one is called marked.
FILES_PER_FALSE_ALARM = 20_000
#: Candidates that are looked at closely, and the score that calls for it at once.
_REFINED, _STRIKING = 6, 7.0


@dataclass(frozen=True)
class FoundWatermark:
    """A watermark that is there.

    identifier: None where too little is left to read it. log10_chance: logarithm of a bound on the
    probability that a file without the mark looks like this. scale: side of the whole picture in
    sides of this one. frames: how many were looked at.
    """

    identifier: int | None
    score: float
    log10_chance: float
    scale: float
    frames: int


def read_watermark(chunks: Iterable[Frames]) -> FoundWatermark | None:
    """Look for a watermark in frames of one size, given in chunks [frame, height, width, 3].

    First where it is in a whole picture, then at other scales. Raises ValueError for frames of
    different sizes.
    """
    averaged = average_fluctuations(chunks)
    if averaged is None or min(averaged[0].shape) < LEAST_SIDE_PX // 2:
        return None
    found, count = averaged
    answers = []
    for candidate in _list_candidates(found):
        answer = _judge(candidate, count)
        if answer is not None and answer.identifier is not None:
            return answer
        answers += [answer] if answer else []
    return min(answers, key=lambda one: one.log10_chance, default=None)


def _list_candidates(found: Map) -> Iterator[Candidate]:
    """Where the pattern may be, the cheapest and likeliest first; at most `_REFINED` fine looks."""
    whole = search_scale(found, 1.0)
    yield whole
    yield refine(found, whole)
    rough, left = [], _REFINED - 1
    for candidate in search_all_scales(found):
        # What is no chance needs no comparison with the rest.
        if candidate.score > _STRIKING and left > 1:
            left -= 1
            yield refine(found, candidate)
        else:
            rough.append(candidate)
    for candidate in sorted(rough, key=lambda one: -one.score)[:left]:
        yield refine(found, candidate)


def _judge(candidate: Candidate, count: int) -> FoundWatermark | None:
    """What a candidate comes to, if it is more than chance may be."""
    allowed = math.log10(0.5 / FILES_PER_FALSE_ALARM)
    waves, values = list_waves(), turn_back(candidate)
    chance = bound_chance(candidate.score, 0)
    answer = None
    if chance <= allowed:
        answer = FoundWatermark(None, candidate.score, chance, candidate.scale, count)
    soft = np.bincount(
        waves.bits[~waves.are_known], weights=values[~waves.are_known], minlength=CODE_BITS
    )
    identifier = decode_id(soft)
    if identifier is None:
        return answer
    signs = np.where(waves.are_known, 1, 2 * encode_id(identifier)[waves.bits] - 1)
    kept = waves.radius <= candidate.cut
    score = compute_score(values * signs, candidate.spectrum[kept])
    chance = bound_chance(score, ID_BITS)
    if chance > allowed:
        return answer
    return FoundWatermark(identifier, score, chance, candidate.scale, count)


def bound_chance(score: float, bits: int) -> float:
    """Logarithm (base 10) of a bound on the probability that the best of all scores that are looked
    at, times 2^bits identifiers, reaches `score` without a mark."""
    tries = math.log(count_tests(_REFINED)) + bits * math.log(2)
    return min(0.0, (tries - max(score, 0.0) ** 2 / 2) / math.log(10))
