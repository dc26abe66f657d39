"""Somebody between random people: a weighted mean of their rows of W+.

In: seeds and shares. Out: a FaceSource. Halfway between two faces of StyleGAN's W+ lies a face
again, which is what makes mixing possible (Karras et al. 2019, section 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from synth.faces.face import Face
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.progress import Report, ignore_progress

MOST_FACES = 8


@dataclass(frozen=True)
class MixedFace:
    """A FaceSource: the face between the random faces of `seeds`.

    share: of the way from the first to the second, in [0, 1]; 0 is the first alone. `shares` gives
    one for each seed instead, of any sum above 0, and is needed for more than two.
    Raises ValueError for other numbers.
    """

    seeds: list[int]
    share: float | int = 0.5
    shares: list[float] | None = None
    psi: float | int = 0.7

    def __post_init__(self) -> None:
        if not 2 <= len(self.seeds) <= MOST_FACES:
            raise ValueError(
                f"needs seeds of 2 to {MOST_FACES} faces to mix; got {len(self.seeds)}; try [7, 9]"
            )
        if not 0 <= self.share <= 1:
            raise ValueError(f"needs a share from 0 to 1; got {self.share}; try 0.5")
        shares = self.shares
        if shares is None and len(self.seeds) > 2:
            raise ValueError(f"needs shares for {len(self.seeds)} faces; got none")
        if shares is not None and (
            len(shares) != len(self.seeds)
            or not all(0 <= share < math.inf for share in shares)
            or not sum(shares) > 0
        ):
            raise ValueError(
                f"needs a share of 0 or more for each of {len(self.seeds)} faces, not all 0; got "
                f"{shares}"
            )

    @property
    def weights(self) -> Sequence[float]:
        """The share of each face; they sum to 1."""
        if self.shares is None:
            return (1 - self.share, self.share)
        total = sum(self.shares)
        return tuple(share / total for share in self.shares)

    def check(self) -> None:
        """Nothing can be wrong yet."""

    def prepare(self, generator: Generator, report: Report = ignore_progress) -> Face:
        """The weighted mean of the faces' rows."""
        # One by one, so that the ends of a mix are the faces themselves, bit for bit.
        rows = torch.cat([map_seeds([seed], generator, self.psi) for seed in self.seeds])
        weights = torch.tensor(self.weights, dtype=rows.dtype)
        mixed = (weights[:, None, None] * rows).sum(0)
        return Face(mixed, generator, "between seeds " + ", ".join(map(str, self.seeds)))
