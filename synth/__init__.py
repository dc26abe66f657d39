"""Moodreel's library: a generator, a face and a motion become a film with its score.

    from synth import EmotionTrack, Face, FilmSettings, load_generator, make_film

    generator = load_generator("bundled")
    face = Face.random(generator, seed=7)
    track = EmotionTrack.of("calm", "surprise", "happiness", "calm")
    film = make_film(generator, face, track, FilmSettings(fps=30), "outputs/mine", print)

Names are found when they are first asked for, so that importing a part imports that part alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.emotions import Emotion
    from synth.faces.face import Face, FaceSource, RandomFace, SavedFace
    from synth.film.film import Film, make_film
    from synth.film.settings import FilmSettings, RenderSettings, ScoreSettings
    from synth.generators import load_generator
    from synth.generators.base import Generator
    from synth.generators.capabilities import Capabilities
    from synth.motion.base import Moment, Motion, Plan, Scene
    from synth.motion.copied import CopiedMotion
    from synth.motion.emotion_motion import EmotionMotion
    from synth.motion.emotion_track import EmotionTrack, load_track, save_track
    from synth.motion.interpolation import Interpolation
    from synth.motion.keyframes import Keyframes
    from synth.motion.paths import LatentPath
    from synth.motion.sound.sound_motion import SoundMotion
    from synth.motion.walks import FaceWalk
    from synth.progress import Cancelled, Progress, Watch
    from synth.scores.scorecard import Scorecard, score_video

_PLACES = {
    "synth.emotions": ("Emotion",),
    "synth.faces.face": ("Face", "FaceSource", "RandomFace", "SavedFace"),
    "synth.film.film": ("Film", "make_film"),
    "synth.film.settings": ("FilmSettings", "RenderSettings", "ScoreSettings"),
    "synth.generators": ("load_generator",),
    "synth.generators.base": ("Generator",),
    "synth.generators.capabilities": ("Capabilities",),
    "synth.motion.base": ("Moment", "Motion", "Plan", "Scene"),
    "synth.motion.copied": ("CopiedMotion",),
    "synth.motion.emotion_motion": ("EmotionMotion",),
    "synth.motion.emotion_track": ("EmotionTrack", "load_track", "save_track"),
    "synth.motion.interpolation": ("Interpolation",),
    "synth.motion.keyframes": ("Keyframes",),
    "synth.motion.paths": ("LatentPath",),
    "synth.motion.sound.sound_motion": ("SoundMotion",),
    "synth.motion.walks": ("FaceWalk",),
    "synth.progress": ("Cancelled", "Progress", "Watch"),
    "synth.scores.scorecard": ("Scorecard", "score_video"),
}
_PLACE_OF = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "Cancelled",
    "Capabilities",
    "CopiedMotion",
    "Emotion",
    "EmotionMotion",
    "EmotionTrack",
    "Face",
    "FaceSource",
    "FaceWalk",
    "Film",
    "FilmSettings",
    "Generator",
    "Interpolation",
    "Keyframes",
    "LatentPath",
    "Moment",
    "Motion",
    "Plan",
    "Progress",
    "RandomFace",
    "RenderSettings",
    "SavedFace",
    "Scene",
    "ScoreSettings",
    "Scorecard",
    "SoundMotion",
    "Watch",
    "load_generator",
    "load_track",
    "make_film",
    "save_track",
    "score_video",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACE_OF[name]), name)
