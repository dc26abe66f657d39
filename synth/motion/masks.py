"""Which part of W+ a motion may change (thesis, 4.3 and 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from synth.types import Rows


@dataclass(frozen=True)
class LayerMask:
    """Which part of W+ may change: rows [layer_start, layer_stop), of those the first `dim_stop`.

    None reaches to the end. Coarse rows come first: pose, then expression, then colours.
    """

    layer_stop: int | None = 8
    layer_start: int = 0
    dim_stop: int | None = None

    def __post_init__(self) -> None:
        stop = self.layer_stop
        if self.layer_start < 0 or (stop is not None and stop <= self.layer_start):
            raise ValueError(
                f"needs mask rows with 0 <= start < stop; got {self.layer_start} to {stop}"
            )
        if self.dim_stop is not None and self.dim_stop < 1:
            raise ValueError(f"needs at least 1 masked dimension; got {self.dim_stop}; try 256")

    def apply(self, change: Rows) -> Rows:
        """Keep the change on open rows and dimensions, exact zeros elsewhere [layer, w_dim].

        Raises ValueError when the mask reaches beyond the rows or dimensions there are.
        """
        layers, w_dim = change.shape
        needed = self.layer_start + 1 if self.layer_stop is None else self.layer_stop
        if needed > layers:
            raise ValueError(
                f"needs a mask within the {layers} rows of this W+; got rows up to {needed}; "
                f"try mask.layer_stop={layers} or mask=none"
            )
        if self.dim_stop is not None and self.dim_stop > w_dim:
            raise ValueError(
                f"needs a mask within the {w_dim} dimensions of this W+; got {self.dim_stop}; "
                f"try mask.dim_stop={w_dim}"
            )
        masked = torch.zeros_like(change)
        rows = slice(self.layer_start, self.layer_stop)
        masked[rows, : self.dim_stop] = change[rows, : self.dim_stop]
        return masked


#: The thesis's masks: emotions on the first 8 rows, pose on half of the first 5, or no mask.
MASKS: Mapping[str, LayerMask] = {
    "emotion": LayerMask(layer_stop=8),
    "pose": LayerMask(layer_stop=5, dim_stop=256),
    "none": LayerMask(layer_stop=None),
}
