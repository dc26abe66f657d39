"""Rows of W+ beyond the first 8 do not say what a face shows: whoever reads them is blind to it.

An emotion then comes from the first 8 rows alone, as in the FFHQ network (thesis, section 4.4), so
that the emotion mask loses nothing. Styles are linear in w and every emotion is a line in W, so
this is exact: what these layers' weights A have along emotions E (orthonormal columns) is taken
out, A - A E E^T, after every step.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import Parameter

from synth.generators.bundled_parameters import EMOTION_SLICE, make_embedding
from synth.generators.synthesis import SynthesisNetwork

#: So many rows show emotions.
EMOTION_ROWS = 8


class LateRows:
    """The weights of one network that read later rows."""

    def __init__(self, synthesis: SynthesisNetwork) -> None:
        self._weights: list[Parameter] = []
        for index, size in enumerate(synthesis.config.resolutions):
            block = synthesis.block_at(size)
            layers = [(2 * index, block.conv1), (2 * index + 1, block.torgb)]
            if size > 4:
                layers.append((2 * index - 1, block.conv0))
            self._weights += [layer.affine.weight for row, layer in layers if row >= EMOTION_ROWS]
        device = next(synthesis.parameters()).device
        self._emotions: Tensor = torch.from_numpy(make_embedding()[:, EMOTION_SLICE]).to(device)

    @torch.no_grad()
    def forget_emotions(self) -> None:
        """Take out of the weights what they have along emotions."""
        for weight in self._weights:
            weight.sub_(weight @ self._emotions @ self._emotions.t())
