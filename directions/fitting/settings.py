"""What can be chosen about a fit of directions (docs/directions.md says what each does)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Space = Literal["w", "rows", "flat"]
Model = Literal["logistic", "svm", "mean"]
Contrast = Literal["calm", "multinomial"]
Scaling = Literal["whole", "each", "none"]


@dataclass(frozen=True)
class FitSettings:
    """space: `w`, one vector for all rows, from the mean over rows; `rows`, a boundary and a unit
        normal in each of the chosen rows; `flat`, one boundary over the chosen rows together.
    rows: (start, stop) of the rows of W+ that `rows` and `flat` use; None for all.
    model: `logistic` regression, linear `svm`, or `mean`, the difference of means.
    contrast: each emotion against `calm`, or all seven at once (`multinomial`, logistic only).
    c: inverse strength of regularisation; None: chosen by cross-validation over people.
    standardise: divide by the spread within classes before fitting: by one number for the `whole`,
        so that C means the same for every generator, by that of `each` coordinate, or `none`.
    orthogonal_to: attributes that an edit shall leave alone.
    apart: take out what emotions have in common, so that each is orthogonal to all others.
    coefficient: length of intensity 1; None: as far as full emotions lie from calm. The thesis
        used 8.
    """

    space: Space = "w"
    rows: Sequence[int] | None = None
    model: Model = "logistic"
    contrast: Contrast = "calm"
    c: float | None = None
    standardise: Scaling = "whole"
    orthogonal_to: Sequence[str] = ()
    apart: bool = True
    coefficient: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.contrast == "multinomial" and self.model != "logistic":
            raise ValueError(
                f"needs model=logistic for contrast=multinomial; got {self.model}; try "
                "contrast=calm"
            )
        for name, number in (("c", self.c), ("coefficient", self.coefficient)):
            if number is not None and not 0 < number < float("inf"):
                raise ValueError(f"needs {name} above 0; got {number}; try leaving it out")
        if self.rows is not None and (len(self.rows) != 2 or not 0 <= self.rows[0] < self.rows[1]):
            raise ValueError(f"needs rows as [start, stop]; got {list(self.rows)}; try [0,8]")
        if self.rows is not None and self.space == "w":
            raise ValueError("needs space=rows or flat for rows; got space=w; try space=flat")

    def list_rows(self, num_layers: int) -> range:
        """The rows that are fitted. Raises ValueError for rows that the generator lacks."""
        start, stop = self.rows or (0, num_layers)
        if stop > num_layers:
            raise ValueError(f"needs rows within the {num_layers} of W+; got [{start}, {stop}]")
        return range(start, stop)
