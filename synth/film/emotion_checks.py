"""Whether a film's face can be asked if it shows the emotions that it was told, and what those are.

In: a face, its plan, and who scores. Out: an `EmotionCheck` for the scorecard, or None: nobody is
there to see, the motion tells no emotions, or the frames are no faces in FFHQ alignment, because
they are put into a photo or because the generator draws something else.
"""

from __future__ import annotations

import numpy as np

from synth.faces.face import Face
from synth.film.settings import ScoreSettings
from synth.generators.capabilities import find_capabilities
from synth.motion.base import Plan
from synth.motion.paths import iterate_frame_times
from synth.scores.emotion_control import EmotionCheck

_CHUNK_FRAMES = 4096


def check_emotions(
    face: Face, plan: Plan, fps: float | int, score: ScoreSettings
) -> EmotionCheck | None:
    """What each frame of the film was told, and who sees whether it shows."""
    draws_faces = find_capabilities(face.generator).draws_faces
    if score.emotions is None or plan.told is None or face.place is not None or not draws_faces:
        return None
    chunks = iterate_frame_times(plan.path, fps, _CHUNK_FRAMES)
    return EmotionCheck(score.emotions, np.concatenate([plan.told(chunk) for chunk in chunks]))
