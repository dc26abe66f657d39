"""Do films show the emotion that they were asked for, when they were asked for it?

In: films, and what each was told. Out: linearity, confusion and accuracy of
`synth.scores.emotion_control`, of all films together, as the judge that ships sees them. It learned
on renders; true films say how much of them it reads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from synth.emotions import Emotion
from synth.judging.emotion_scoring import EmotionScorer
from synth.scores.emotion_control import (
    make_intended,
    pool_emotion_control,
    score_emotion_control,
)
from synth.workshop.films.film_set import Films

#: Intensities that films were told, 1 the full emotion.
Told = Float[np.ndarray, "film frame 7"]


def tell_films(emotions: Sequence[int] | np.ndarray, intensities: np.ndarray) -> Told:
    """Numbers of `Emotion` [film], and how strong [film, frame] -> what the films were told."""
    pairs = zip(emotions, intensities, strict=True)
    return np.stack([make_intended(Emotion(int(emotion)), arc) for emotion, arc in pairs])


def measure_control(films: Films, told: Told, scorer: EmotionScorer) -> dict[str, float | None]:
    """The measures of all films; raises ValueError where the two are not of one length."""
    pairs = zip(films, told, strict=True)
    pooled = pool_emotion_control(
        [score_emotion_control(film, wanted, scorer) for film, wanted in pairs]
    )
    return {
        "linearity": pooled.linearity,
        "confusion": pooled.confusion,
        "shown_as_told": pooled.accuracy,
    }
