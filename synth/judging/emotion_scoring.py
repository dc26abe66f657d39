"""Which emotion does a face show: the protocol of whoever can tell, for every package to ask.

`emotion_seq.classify` has the scorers that look at footage; the judge of `synth.judging` looks at
renders. A scorer sees faces in FFHQ alignment and cuts out of them what it was trained to look at.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from synth.types import Frames

#: Rows sum to 1; columns are `synth.emotions.Emotion`: 0 calm, 1 anger, ... 6 sadness.
Probabilities = Float[np.ndarray, "face 7"]


@runtime_checkable
class EmotionScorer(Protocol):
    """Faces in, probabilities of the seven emotions out."""

    #: Goes into files beside every probability that it made.
    name: str

    def score(self, faces: Frames) -> Probabilities:
        """uint8 RGB faces [face, size, size, 3] in FFHQ alignment -> probabilities [face, 7].

        `synth.types.to_frames` makes such faces of network images in [-1, 1].
        """
        ...
