"""Which rows of W+ carry an emotion: the mask, found by leaving rows out (thesis, section 4.4).

Calm faces are edited with the first k rows only, for each k, and with all rows but one. The
response of a classifier, as a share of that to all rows, shows how many rows are enough and which
ones are missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.judging.emotion_scoring import EmotionScorer, measure_response
from synth.motion.directions import Direction
from synth.motion.masks import LayerMask
from synth.types import WPlus

#: Share of the full response that the first rows must have.
ENOUGH = 0.95


@dataclass(frozen=True, eq=False)
class RowShares:
    """Shares of the response to all rows: of the first k rows, k from 1; without each one row."""

    first: Float[np.ndarray, " row"]
    without: Float[np.ndarray, " row"]

    @property
    def stop(self) -> int:
        """The fewest first rows that are enough."""
        return int(np.flatnonzero(self.first >= ENOUGH)[0]) + 1


def ablate_rows(
    generator: Generator,
    faces: WPlus,
    emotion: Emotion,
    direction: Direction,
    scorer: EmotionScorer,
) -> RowShares:
    """Try rows on calm faces [face, layer, w_dim].

    Raises ValueError when the classifier does not answer to all rows together.
    """
    change = direction.step(LayerMask(layer_stop=None), faces)
    layers = len(change)

    def respond(rows: WPlus) -> float:
        return measure_response(scorer, draw_frames(generator, rows), emotion)

    rest, full = respond(faces), respond(faces + change)
    if full <= rest:
        raise ValueError(
            f"needs an answer to {emotion.label} at intensity 1; got {full:.3f}, and {rest:.3f} at "
            "rest; try calibrating the set first"
        )
    masks = [LayerMask(layer_stop=k) for k in range(1, layers)]
    first = [*(respond(faces + direction.step(mask, faces)) for mask in masks), full]
    without = []
    for row in range(layers):
        left = change.clone()
        left[row] = 0
        without.append(respond(faces + left))
    return RowShares(
        (np.array(first) - rest) / (full - rest), (np.array(without) - rest) / (full - rest)
    )
