"""What depends on what: z's coordinates behind each parameter, found by finite differences.

A parameter is `single` when it is a function of one direction of z's coordinates, p = f(d . u), and
`joint` when it depends on several at once, as shares of a whole do. Joint parameters that read the
same coordinates make one block. u are z's coordinates in the vocabulary's rotation, each close to
N(0, 1); z has the exact norm that the vocabulary normalises to, so that they are independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.generators.bundled_parameters import (
    NUM_PARAMETERS,
    Z_DIM,
    make_rotation,
    map_latents_to_parameters,
)

_POINTS, _STEP = 192, 1e-2
#: Slopes below this share of a parameter's steepest are rounding.
_NOISE = 2e-2


@dataclass(frozen=True)
class Single:
    """One parameter that is a function of `direction` [coordinate], of unit length, times u."""

    parameter: int
    direction: np.ndarray


@dataclass(frozen=True)
class Joint:
    """Parameters that depend on several coordinates together."""

    parameters: list[int]
    coordinates: list[int]


def place_latents(u: np.ndarray) -> np.ndarray:
    """Coordinates u [batch, coordinate] -> z [batch, 512] of norm sqrt(512) that has them.

    What is left of the norm lies in one direction beside the rotation's. Lengths of u beyond
    sqrt(512) are shortened.
    """
    rotation = make_rotation()
    beside = _find_beside(rotation)
    limit = np.sqrt(Z_DIM * 0.99)
    length = np.linalg.norm(u, axis=1, keepdims=True)
    u = u * np.minimum(1, limit / np.maximum(length, 1e-9))
    rest = np.sqrt(Z_DIM - np.square(u).sum(1, keepdims=True))
    return (u @ rotation.T + rest * beside).astype(np.float64)


def _find_beside(rotation: np.ndarray) -> np.ndarray:
    """A direction [512] of unit length that is orthogonal to the rotation's columns."""
    beside = np.random.default_rng(0).normal(size=Z_DIM)
    for _ in range(2):
        beside = beside - rotation @ (rotation.T @ beside)
        beside /= np.linalg.norm(beside)
    return beside


def find_blocks(seed: int = 0) -> tuple[list[Single], list[Joint]]:
    """All parameters of the vocabulary, as singles and joint blocks."""
    slopes = _measure_slopes(np.random.default_rng(seed))
    singles, joint = [], []
    for parameter in range(NUM_PARAMETERS):
        found = slopes[:, parameter]
        steepness = np.linalg.norm(found, axis=1)
        steep = found[steepness > _NOISE * steepness.max()]
        direction = steep[np.linalg.norm(steep, axis=1).argmax()]
        direction = direction / np.linalg.norm(direction)
        beside = steep - (steep @ direction)[:, None] * direction
        # A few points lie across a kink, where two differences do not give one slope.
        if np.quantile(np.linalg.norm(beside, axis=1), 0.9) <= _NOISE * steepness.max():
            direction[np.abs(direction) < _NOISE] = 0
            singles.append(Single(parameter, direction / np.linalg.norm(direction)))
        else:
            joint.append((parameter, np.abs(found).max(0) > _NOISE * steepness.max()))
    return singles, _join(joint)


def _measure_slopes(random: np.random.Generator) -> np.ndarray:
    """Slopes [point, parameter, coordinate] of the vocabulary at random points."""
    count = make_rotation().shape[1]
    points = random.normal(size=(_POINTS, count))
    slopes = np.zeros((_POINTS, NUM_PARAMETERS, count), np.float32)
    for coordinate in range(count):
        ends = []
        for sign in (1, -1):
            moved = points.copy()
            moved[:, coordinate] += sign * _STEP
            ends.append(map_latents_to_parameters(place_latents(moved)))
        slopes[:, :, coordinate] = (ends[0] - ends[1]) / (2 * _STEP)
    return slopes


def _join(found: list[tuple[int, np.ndarray]]) -> list[Joint]:
    """Parameters with the coordinates [coordinate] bool that they read -> blocks."""
    blocks: list[tuple[list[int], np.ndarray]] = []
    for parameter, reads in found:
        touching = [block for block in blocks if (block[1] & reads).any()]
        parameters = [parameter]
        for block in touching:
            parameters = block[0] + parameters
            reads = reads | block[1]
            blocks.remove(block)
        blocks.append((parameters, reads))
    return [
        Joint(sorted(parameters), np.flatnonzero(reads).tolist()) for parameters, reads in blocks
    ]
