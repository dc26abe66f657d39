"""How a picture of a face moved: for each place, where its pixel was in the picture before.

All places are in picture widths from the top left corner of the generator's square, x to the right
and y down, so that a displacement means the same at every size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from synth.types import Picture, Rows

#: Side of the grids that displacements are made on; they are smooth, and read between its places.
FIELD_PX = 512

Marks = Float[np.ndarray, "68 2"]
Shifts = Float[np.ndarray, "field field 2"]
Weights = Float[np.ndarray, "field field"]


@dataclass(frozen=True, eq=False)
class Displacement:
    """What moved from a picture before to the one now.

    shifts [n, n, 2]: a place now plus its shift is the place before; known [n, n]: 0 to 1, where
    that was seen and not only filled in. marks_before, marks_now: the 68 points. eyes [2, 2] and
    teeth [2, 2] (above, below): shifts of what lies behind lids and lips. marks_drawn: the 68
    points in the generator's own picture now, which may be another face's. is_still: nothing moved.
    """

    shifts: Shifts
    known: Weights
    marks_before: Marks
    marks_now: Marks
    marks_drawn: Marks
    eyes: Float[np.ndarray, "2 2"]
    teeth: Float[np.ndarray, "2 2"]
    is_still: bool = False


@runtime_checkable
class FaceTracker(Protocol):
    """Tells how a face moved since a reference that it was made with."""

    name: ClassVar[str]

    def find_displacement(self, rows: Rows, picture: Picture) -> Displacement:
        """From the reference to W+ [layer, w_dim], whose picture the generator drew."""
        ...

    def fits(self, rows: Rows) -> bool:
        """Whether W+ [layer, w_dim] still shows the person of the reference."""
        ...


def make_places(size: int) -> Float[np.ndarray, "size size 2"]:
    """Middles of a grid's cells."""
    line = (np.arange(size, dtype=np.float32) + 0.5) / size
    return np.stack(np.meshgrid(line, line), axis=2)
