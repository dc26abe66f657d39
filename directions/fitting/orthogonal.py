"""Take out of a direction what moves something else: the part in the span of other directions.

With columns of Q an orthonormal basis of the others, v' = v - Q Q^T v, over all rows together
(conditional manipulation: Shen et al. 2020, InterFaceGAN, section 3.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from synth.emotions import Emotion

Rows = Float[np.ndarray, "layer w_dim"]
#: Less than this share of a direction left means that it was the others in disguise.
LEAST_SHARE = 0.05


def remove_span(vector: Rows, others: Sequence[Rows], what: str) -> Rows:
    """`vector` without what lies in the span of `others`, not normalised.

    Raises ValueError naming `what` when hardly anything is left.
    """
    if not others:
        return vector
    basis = np.linalg.qr(np.stack([other.ravel() for other in others], 1))[0]
    flat = vector.ravel()
    rest = flat - basis @ (basis.T @ flat)
    share = np.linalg.norm(rest) / np.linalg.norm(flat)
    if share < LEAST_SHARE:
        raise ValueError(
            f"needs {what} to differ from what it is made orthogonal to; got {share:.1%} of the "
            "direction left; try fewer attributes"
        )
    return rest.reshape(vector.shape)


def set_apart(vectors: Mapping[Emotion, Rows]) -> dict[Emotion, Rows]:
    """The mutually orthogonal unit vectors that are nearest to these: none is favoured.

    Symmetric orthogonalisation (Loewdin 1950): of the matrix M of unit columns, M (M^T M)^(-1/2).
    What all have in common, such as no longer being calm, is taken from each in equal parts.
    Raises ValueError when one lies in the span of the others.
    """
    units = np.stack([v.ravel() / np.linalg.norm(v) for v in vectors.values()], 1)
    left, sizes, right = np.linalg.svd(units, full_matrices=False)
    if sizes[-1] < LEAST_SHARE:
        raise ValueError(
            "needs emotions whose directions can be set apart; got one that is made of the others; "
            "try fit.apart=false, or labels that differ more"
        )
    columns = left @ right
    columns[~units.any(1)] = 0  # rows that were left out stay so, to the last digit
    return {e: columns[:, k].reshape(v.shape) for k, (e, v) in enumerate(vectors.items())}


def clean_directions(
    vectors: Mapping[Emotion, Rows], nuisances: Sequence[Rows], apart: bool
) -> dict[Emotion, Rows]:
    """Unit directions without what lies in the span of the nuisances and, `apart`, without what
    they have in common. Raises ValueError when hardly anything is left of one."""
    cleaned = {}
    for emotion, vector in vectors.items():
        rest = remove_span(vector, nuisances, emotion.label)
        cleaned[emotion] = rest / np.linalg.norm(rest)
    return set_apart(cleaned) if apart else cleaned


def clean_rows(
    vectors: Mapping[Emotion, Rows], nuisances: Sequence[Rows], apart: bool
) -> dict[Emotion, Rows]:
    """`clean_directions` in each row by itself, for boundaries that know nothing of each other.

    Rows of zeros stay so, all others count the same.
    """
    cleaned = {emotion: np.zeros_like(vector) for emotion, vector in vectors.items()}
    used = np.flatnonzero(sum(vector.any(1) for vector in vectors.values()))
    for row in used:
        own = slice(row, row + 1)
        alone = {e: v[own] for e, v in vectors.items()}
        for emotion, vector in clean_directions(alone, [n[own] for n in nuisances], apart).items():
            cleaned[emotion][row] = vector[0] / np.sqrt(len(used))
    return cleaned
