"""The setting identity_budget of generate_video: who measures, and what the user is told.

In: the configuration, the track and the face. Out: the track, with lower intensities where a
keyframe would have been farther from the calm face than the budget.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from omegaconf import DictConfig

from synth.faces.observers import (
    FaceEncoder,
    FaceObserver,
    find_distances,
)
from synth.generators.base import Generator
from synth.generators.drawing import (
    draw_frames,
)
from synth.motion.direction_sets import load_directions_for
from synth.motion.emotion_track import EmotionTrack
from synth.motion.identity_budget import (
    keep_identity,
)
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.types import Rows, WPlus

#: What a film follows; only tracks of emotions have intensities.
Track = TypeVar("Track")


def check_identity_budget(
    budget: float | None, track: object, observer: FaceObserver | None
) -> None:
    """Raise ValueError for a budget that nothing can be measured against."""
    if budget is None:
        return
    if not isinstance(track, EmotionTrack):
        raise ValueError(
            "needs a track of emotions for identity_budget; got one of another kind; try "
            "track=all_emotions"
        )
    need_encoder(observer)


def need_encoder(observer: FaceObserver | None) -> FaceEncoder:
    """The observer as who measures identity. Raises ValueError for one that does not, or none."""
    if not isinstance(observer, FaceEncoder):
        raise ValueError("needs a face encoder for identity_budget; got none; try scorecard=dlib")
    return observer


def lower_intensities(
    config: DictConfig,
    track: Track,
    face: Rows,
    generator: Generator,
    mask: LayerMask,
    observer: FaceObserver | None,
) -> Track | EmotionTrack:
    """The track within config.identity_budget, and a line for each emotion that was lowered.

    Without a budget it is handed on as it is, of whatever kind. Raises ValueError where the calm
    face is not found.
    """
    budget = config.identity_budget
    if budget is None or not isinstance(track, EmotionTrack):
        return track
    encoder = need_encoder(observer)
    fitted = load_directions_for(generator, config.directions.path)
    start = find_start(face, fitted, mask, config.directions.calm_first)
    calm = encoder.encode(draw_frames(generator, start[None]))
    if not np.isfinite(calm).all():
        raise ValueError(
            f"needs a face that {encoder.name} finds for identity_budget; got a picture without "
            "one; try another face, or identity_budget=null"
        )

    def measure(w_plus: WPlus) -> np.ndarray:
        return find_distances(encoder, draw_frames(generator, w_plus), calm)

    track, lowered = keep_identity(start, track, fitted.directions, mask, budget, measure)
    for entry in lowered:
        print(entry)
    if not lowered:
        print(f"identity: every emotion is within {budget:g} of the calm face")
    return track
