"""Take out of a direction what moves something else: the part in the span of other directions.

With columns of Q an orthonormal basis of the others, v' = v - Q Q^T v, over all rows together
(conditional manipulation: Shen et al. 2020, InterFaceGAN, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

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
