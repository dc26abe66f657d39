"""A direction in W+: what is added to a face to make one emotion show (thesis, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from synth.motion.masks import LayerMask
from synth.types import Rows

#: Added to unit directions when nothing better was measured (thesis, 4.4).
THESIS_COEFFICIENT = 8.0


@dataclass(frozen=True, eq=False)
class Direction:
    """A unit vector in W+ [layer, w_dim] and `coefficient`, its length for intensity 1.

    The norm over all rows together is 1; `from_vector` makes one from any length.
    """

    vector: Rows
    coefficient: float = THESIS_COEFFICIENT

    def __post_init__(self) -> None:
        norm = float(torch.linalg.vector_norm(self.vector.double()))
        if not abs(norm - 1) < 1e-2:  # half precision on disk keeps the norm to about 1e-4
            raise ValueError(
                f"needs a finite direction of norm 1; got norm {norm:g}; try Direction.from_vector"
            )
        if not 0 < self.coefficient < float("inf"):
            raise ValueError(f"needs a coefficient above 0; got {self.coefficient}; try 8")

    @classmethod
    def from_vector(cls, vector: Rows, coefficient: float = THESIS_COEFFICIENT) -> Direction:
        """Normalise `vector`; intensity 1 then adds `coefficient` times the unit vector."""
        norm = float(torch.linalg.vector_norm(vector.double()))
        if not 0 < norm < float("inf"):
            raise ValueError(f"needs a finite direction that is not zero; got norm {norm:g}")
        return cls((vector.double() / norm).float(), coefficient)

    def step(self, mask: LayerMask, like: Tensor) -> Rows:
        """What intensity 1 adds to a face: coefficient * unit vector where the mask is open.

        `like` [..., layer, w_dim] gives device and type. Raises ValueError for another shape, or a
        mask beyond the rows.
        """
        if self.vector.shape != like.shape[-2:]:
            raise ValueError(
                f"needs directions of the face's shape {tuple(like.shape[-2:])}; got "
                f"{tuple(self.vector.shape)}; try directions fitted for this generator"
            )
        return mask.apply(self.vector.to(like)) * self.coefficient
