"""Votes between methods -> how strong each is (Bradley and Terry, 1952), and how sure that is.

Symbols: b_i the strength of method i, in log-odds, of mean 0 over methods; s_n the score of vote n
(1 for i, 0 for j, 1/2 for neither).

    P(i is preferred to j) = 1 / (1 + exp(b_j - b_i))
    l(b) = sum_n s_n log P(i_n to j_n) + (1 - s_n) log P(j_n to i_n)
         + sum over compared pairs of PRIOR_VOTES / 2 (log P(i to j) + log P(j to i))

The last line is the prior: one vote more for every two methods that were compared, half for each.
Without it a method that never loses would be infinitely strong. Newton's method finds the maximum,
of which there is one where all methods are connected by comparisons.

Intervals: voters answer many times and differ from each other, so votes are not independent. From
MIN_VOTERS voters on the covariance is that of voters (Huber, 1967; White, 1982), H^-1 (sum_v g_v
g_v') H^-1 V / (V - 1), g_v the gradient of voter v's votes, and the quantile is Student's with
V - 1 degrees; with fewer, H^-1 alone, which takes votes for independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import t

#: Votes that the prior adds for every two methods that were compared.
PRIOR_VOTES = 1.0
#: From so many voters on intervals are those of voters.
MIN_VOTERS = 8
#: Standard normal quantile of 97.5 %.
Z95 = 1.959963984540054
_STEPS = 100
_CLOSE = 1e-12

Matrix = Float[np.ndarray, "method method"]


@dataclass(frozen=True)
class Ballot:
    """One voter's wins: wins[i, j] the votes for i against j, halves for neither."""

    wins: Matrix


@dataclass(frozen=True)
class Strength:
    """One method: its strength in log-odds, the ends of its 95 % interval, and the chance that it
    is preferred to a method of strength 0."""

    log_odds: float
    low: float
    high: float
    chance: float


def fit_strengths(ballots: Sequence[Ballot]) -> tuple[list[Strength], str] | None:
    """Strengths of the methods, in order, and what their intervals are those of.

    None where comparisons do not connect all methods: then there is nothing to say of some pairs.
    """
    wins = np.sum([ballot.wins for ballot in ballots], axis=0)
    compared = (wins + wins.T) > 0
    if not _is_connected(compared):
        return None
    with_prior = wins + PRIOR_VOTES / 2 * compared
    strengths = _maximise(with_prior)
    inverse = np.linalg.pinv(_find_information(with_prior, strengths))
    covariance, quantile, of = inverse, Z95, "votes, taken for independent"
    count = len(ballots)
    if count >= MIN_VOTERS:
        gradients = np.stack([_find_gradient(ballot.wins, strengths) for ballot in ballots])
        spread = gradients.T @ gradients * count / (count - 1)
        covariance, quantile, of = inverse @ spread @ inverse, t.ppf(0.975, count - 1), "voters"
    errors = quantile * np.sqrt(np.diag(covariance))
    return [_describe(*pair) for pair in zip(strengths, errors, strict=True)], of


def compute_wilson(count: float, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); 0 to 1 where there is nothing to tell from."""
    if not total:
        return 0.0, 1.0
    share, z2 = count / total, Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * np.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _maximise(wins: Matrix) -> np.ndarray:
    """Newton's steps, halved where one goes too far; the mean stays 0."""
    strengths = np.zeros(len(wins))
    for _ in range(_STEPS):
        gradient = _find_gradient(wins, strengths)
        step = np.linalg.pinv(_find_information(wins, strengths)) @ gradient
        while _measure(wins, strengths + step) < _measure(wins, strengths) - _CLOSE:
            step = step / 2
        strengths = strengths + step
        if np.abs(step).max() < _CLOSE:
            break
    return strengths - strengths.mean()


def _find_chances(strengths: np.ndarray) -> Matrix:
    """P(i is preferred to j)."""
    return 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))


def _measure(wins: Matrix, strengths: np.ndarray) -> float:
    return float((wins * np.log(_find_chances(strengths))).sum())


def _find_gradient(wins: Matrix, strengths: np.ndarray) -> np.ndarray:
    expected = (wins + wins.T) * _find_chances(strengths)
    return (wins - expected).sum(axis=1)


def _find_information(wins: Matrix, strengths: np.ndarray) -> Matrix:
    """Minus the second derivatives of l; constant vectors are its null space."""
    chances = _find_chances(strengths)
    weights = (wins + wins.T) * chances * (1 - chances)
    np.fill_diagonal(weights, 0)
    return np.diag(weights.sum(axis=1)) - weights


def _is_connected(compared: np.ndarray) -> bool:
    reached = np.eye(len(compared), dtype=bool)[0]
    for _ in compared:
        reached = reached | compared[reached].any(axis=0)
    return bool(reached.all())


def _describe(strength: float, half: float) -> Strength:
    """half: of the interval."""
    chance = 1 / (1 + np.exp(-strength))
    return Strength(float(strength), float(strength - half), float(strength + half), float(chance))
