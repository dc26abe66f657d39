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


#: How far the sum of a row may be from 1, by rounding.
_ROUNDING = 1e-2


def check_probabilities(found: np.ndarray, scorer: str, may_be_unknown: bool = False) -> None:
    """Raise ValueError naming the scorer unless these are probabilities [face, 7].

    may_be_unknown: a row of NaN is a face of which nothing is known, as long as not all are. Where
    it is not allowed it would be taken for calm, the emotion that nothing speaks for.
    """
    unknown = ~np.isfinite(found).all(axis=1) if found.ndim == 2 else np.zeros(len(found), bool)
    if found.ndim != 2 or found.shape[1] != 7:
        wrong = f"an array of shape {found.shape}"
    elif unknown.any() and (not may_be_unknown or unknown.all()):
        wrong = f"NaN or infinity for {unknown.sum()} of {len(found)} faces"
    elif (found[~unknown] < 0).any() or (abs(found[~unknown].sum(1) - 1) > _ROUNDING).any():
        wrong = "numbers that do not sum to 1"
    else:
        return
    raise ValueError(
        f"needs probabilities [face, 7] from {scorer}; got {wrong}; try another classifier, or "
        "train it again"
    )


def measure_response(scorer: EmotionScorer, faces: Frames, emotion: int) -> float:
    """How much of an emotion the scorer sees in faces on average, 0 to 1; unknown ones left out.

    Raises ValueError as `check_probabilities`.
    """
    found = scorer.score(faces)
    check_probabilities(found, scorer.name, may_be_unknown=True)
    return float(np.nanmean(found[:, emotion]))
