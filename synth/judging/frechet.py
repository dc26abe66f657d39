"""How far two sets of pictures are from each other, as normal distributions of their features.

Heusel et al. 2017, equation 6: with means m, n and covariances C, D of the two sets,

    d^2 = |m - n|^2 + tr(C + D - 2 (C D)^(1/2)).

The trace of the root is the sum of the roots of the eigenvalues of C^(1/2) D C^(1/2), which is
symmetric, so that no complex rounding arises.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def find_frechet_distance(
    a: Float[np.ndarray, "sample feature"], b: Float[np.ndarray, "other feature"]
) -> float:
    """d^2 of two sets of features. Raises ValueError unless each has two finite rows or more.

    It is too large for few samples: compare it with that of two sets known to be alike.
    """
    for features in (a, b):
        if len(features) < 2 or not np.isfinite(features).all():
            raise ValueError(
                f"needs at least two rows of finite features; got {features.shape}, "
                f"{np.isfinite(features).all(1).sum()} of them finite"
            )
    a, b = a.astype(np.float64), b.astype(np.float64)
    first, second = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = _find_root(first)
    shared = np.linalg.eigvalsh(root @ second @ root)
    trace = np.trace(first) + np.trace(second) - 2 * np.sqrt(shared.clip(0)).sum()
    return max(0.0, float(np.square(a.mean(0) - b.mean(0)).sum() + trace))


def _find_root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
