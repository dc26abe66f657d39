"""Where strands are rooted: fixed points of the scalp, well spread however few of them are used."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from synth.workshop.portraits.hair.scalp import (
    CENTRE,
    NUM_AZIMUTHS,
    ROW_CM,
    TOP_ROWS,
    ScalpMap,
    make_points,
    read_map,
)  # fmt: skip

NUM_ROOTS = 16000
#: The first roots lead locks: so many large ones, then so many small ones.
LARGE_LOCKS, SMALL_LOCKS = 420, 2600
LOWEST_CM = -4.8
SPHERE_CM = 9.4
EAR_GAP_CM = 0.9
SEED = 11
#: Generalised golden ratios (Roberts 2018, "The Unreasonable Effectiveness of Quasirandom
#: Sequences"): any first part of the sequence covers the square evenly.
STEP_X, STEP_Y = 0.7548776662466927, 0.5698402909980532


class HairRoots(NamedTuple):
    """position [root, 3] cm, neutral head; chance [root, 8] uniform numbers; large and small
    [root]: the roots that lead the strand's locks, int32."""

    position: np.ndarray
    chance: np.ndarray
    large: np.ndarray
    small: np.ndarray


def make_hair_roots(scalp: ScalpMap, number: int = NUM_ROOTS) -> HairRoots:
    """Spread roots over everything that may be hairy, away from the ears."""
    rng = np.random.default_rng(SEED)
    position = _spread(scalp, rng, number * 5 // 4)
    position = position[KDTree(scalp.ears).query(position)[0] > EAR_GAP_CM][:number]
    leaders = LARGE_LOCKS + SMALL_LOCKS
    large = KDTree(position[:LARGE_LOCKS]).query(position)[1]
    small = LARGE_LOCKS + KDTree(position[LARGE_LOCKS:leaders]).query(position)[1]
    return HairRoots(
        position.astype(np.float32),
        rng.random((number, 8), np.float32),
        np.asarray(large, np.int32),
        np.asarray(small, np.int32),
    )


def _spread(scalp: ScalpMap, rng: np.random.Generator, count: int) -> np.ndarray:
    index = np.arange(count)
    across = (0.5 + STEP_X * index) % 1
    # Equal heights of a sphere have equal areas (Archimedes).
    lowest = (LOWEST_CM - CENTRE[1]) / SPHERE_CM
    cosine = lowest + (1 - lowest) * ((0.5 + STEP_Y * index) % 1)
    row = np.where(
        cosine > 0,
        np.arccos(np.clip(cosine, 0, 1)) * (TOP_ROWS / (np.pi / 2)),
        TOP_ROWS - cosine * SPHERE_CM / ROW_CM,
    )
    row += rng.normal(0, 0.12, count)
    row = np.abs(row)
    azimuth = across * NUM_AZIMUTHS + rng.normal(0, 0.2, count)
    azimuth %= NUM_AZIMUTHS
    radius = np.array([read_map(scalp.radius, a, r) for a, r in zip(azimuth, row, strict=True)])
    return make_points(radius, azimuth * (2 * np.pi / NUM_AZIMUTHS) - np.pi, row)
