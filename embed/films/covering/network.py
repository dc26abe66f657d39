"""The network that sees what is before a face: a small U-Net (Ronneberger et al., 2015).

In: pairs [batch, 7, 48, 48], a face's texture beside the same person's usual one, and where the
face is. Out: logits [batch, 48, 48], above 0 where something covers the face. The usual one lets
it tell a hand from a beard.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from embed.faces.base import POINT_COUNT
from embed.films.covering.texture import FaceLayout

#: Channels at 48, 24 and 12 cells a side; the last ones at 6 as well.
WIDTHS = (24, 40, 56)
#: Colours are compared as logarithms, of levels from 0 to 1 above this.
DARK, SPREAD = 0.04, 0.35

Pairs = Float[Tensor, "batch 7 rows columns"]


class CoverNetwork(nn.Module):
    """Pairs -> logits; `places` [68, 2] are those of its `FaceLayout`."""

    places: Tensor

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.settings = {"widths": list(widths)}
        self.down = nn.ModuleList(_twice(low, high) for low, high in pairwise((7, *widths)))
        self.deep = _twice(widths[-1], widths[-1])
        below = (*widths[1:], widths[-1])
        self.up = nn.ModuleList(
            _twice(low + own, own) for own, low in zip(widths, below, strict=True)
        )
        self.read = nn.Conv2d(widths[0], 1, 1)
        self.register_buffer("places", torch.zeros(POINT_COUNT, 2))

    def forward(self, pairs: Pairs) -> Float[Tensor, "batch rows columns"]:
        """Pairs as `prepare_pairs` makes them -> logits."""
        x, seen = pairs, []
        for layer in self.down:
            x = layer(x)
            seen.append(x)
            x = F.max_pool2d(x, 2)
        x = self.deep(x)
        for layer, own in zip(reversed(self.up), reversed(seen), strict=True):
            larger = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = layer(torch.cat([own, larger], 1))
        return self.read(x)[:, 0]

    @cached_property
    def layout(self) -> FaceLayout:
        """Where points lie in the textures that it knows; of the places when first asked for."""
        return FaceLayout(self.places.double().cpu().numpy())


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv2d(channels, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def prepare_pairs(
    textures: Float[np.ndarray, "batch rows columns 3"],
    usual: Float[np.ndarray, "batch rows columns 3"],
    inside: Bool[np.ndarray, "rows columns"],
) -> Pairs:
    """Textures of levels 0 to 1 -> what the network reads: of each no brightness and no tint."""
    shown = np.log(np.concatenate([textures, usual], -1) + DARK)
    away = (shown - np.median(shown[:, inside], 1)[:, None, None]) / SPREAD * inside[..., None]
    face = np.broadcast_to(inside[..., None], (*away.shape[:3], 1))
    pairs = np.concatenate([away, face], -1).astype(np.float32)
    return torch.from_numpy(pairs).permute(0, 3, 1, 2).contiguous()
