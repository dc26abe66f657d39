"""Whatever can move a face, as a Motion: tracks, keyframes and paths alike."""

from __future__ import annotations

from synth.motion.base import Motion
from synth.motion.emotion_motion import EmotionMotion
from synth.motion.emotion_track import EmotionTrack
from synth.motion.keyframe_motion import KeyframeMotion, PathMotion
from synth.motion.keyframes import Keyframes
from synth.motion.paths import LatentPath

AnyMotion = Motion | EmotionTrack | Keyframes | LatentPath


def as_motion(motion: object) -> Motion:
    """The motion itself, or what acts a track with the generator's own directions, and so on.

    Raises ValueError for anything else.
    """
    if isinstance(motion, EmotionTrack):
        return EmotionMotion(motion)
    if isinstance(motion, Keyframes):
        return KeyframeMotion(motion)
    if isinstance(motion, Motion):
        return motion
    if isinstance(motion, LatentPath):
        return PathMotion(motion)
    raise ValueError(
        "needs a motion: something with plan(face, scene), an EmotionTrack, Keyframes or a "
        f"LatentPath; got {type(motion).__name__}; see docs/extending.md"
    )
