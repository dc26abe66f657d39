"""A track of emotions moves a face: directions, a mask, and the way from keyframe to keyframe.

In: an EmotionTrack and a prepared face. Out: a `Plan`. The face is first brought to calm, where the
directions know calm faces; with an identity budget, intensities are lowered until no keyframe is
farther from the calm face than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from synth.emotions import Emotion
from synth.faces.face import Face
from synth.faces.observers import find_distances, need_encoder
from synth.generators.base import Generator
from synth.generators.drawing import draw_frames
from synth.motion.base import Plan, Scene
from synth.motion.direction_sets import (
    DirectionSet,
    find_bundled_directions,
    load_directions_for,
)
from synth.motion.emotion_track import EmotionTrack, describe_track
from synth.motion.identity_budget import keep_identity
from synth.motion.interpolation import Interpolation
from synth.motion.keyframe_motion import plan_keyframes
from synth.motion.keyframes import make_emotion_keyframes
from synth.motion.masks import MASKS, LayerMask
from synth.motion.neutral import find_start
from synth.motion.told import make_telling
from synth.progress import Progress
from synth.types import Rows, WPlus


@dataclass(frozen=True)
class EmotionMotion:
    """A Motion: `track` acted by a face.

    directions: a set, a file of one, or None for the set that comes with the generator.
    mask: which part of W+ emotions may change. calm_first: take out what the face shows already.
    identity_budget: largest distance of a keyframe from the calm face, by the scene's observer.
    Raises ValueError for a budget that is no distance.
    """

    track: EmotionTrack
    directions: DirectionSet | str | Path | None = None
    mask: LayerMask = MASKS["emotion"]
    calm_first: bool = True
    interpolation: Interpolation = field(default_factory=Interpolation)
    identity_budget: float | int | None = None

    def __post_init__(self) -> None:
        budget = self.identity_budget
        if budget is not None and not 0 < budget < float("inf"):
            raise ValueError(f"needs an identity budget above 0; got {budget}; try 0.35")

    def check(self, scene: Scene) -> None:
        """Raise ValueError for a budget that nobody can measure."""
        if self.identity_budget is not None:
            need_encoder(scene.observer, "identity_budget")

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The keyframes of the track and the path through them.

        Raises ValueError where directions are missing or do not fit, and OSError for their file.
        """
        self.check(scene)
        fitted = self._load_directions(face.generator)
        start, track = face.rows, self.track
        if fitted is not None:
            start = find_start(face.rows, fitted, self.mask, self.calm_first)
            track = self._keep_identity(face.generator, start, fitted, scene)
        directions = {} if fitted is None else fitted.directions
        keyframes = make_emotion_keyframes(start, track, directions, self.mask)
        intensities = [
            None if event.emotion is Emotion.CALM else event.intensity for event in track.events
        ]
        plan = plan_keyframes(
            keyframes, self.interpolation, scene.fps, describe_track(track), intensities
        )
        return replace(plan, told=make_telling(track, self.interpolation, scene.fps))

    def _load_directions(self, generator: Generator) -> DirectionSet | None:
        """Only emotions other than calm need directions for this generator."""
        if isinstance(self.directions, DirectionSet):
            return self.directions
        is_needed = any(
            emotion is not Emotion.CALM for event in self.track.events for emotion, _ in event.parts
        )
        if is_needed or self.directions is not None:
            return load_directions_for(generator, self.directions)
        return find_bundled_directions(generator)

    def _keep_identity(
        self, generator: Generator, start: Rows, fitted: DirectionSet, scene: Scene
    ) -> EmotionTrack:
        """The track within the budget, and a note on each emotion that was lowered."""
        budget = self.identity_budget
        if budget is None:
            return self.track
        encoder = need_encoder(scene.observer, "identity_budget")
        calm = encoder.encode(draw_frames(generator, start[None]))
        if not np.isfinite(calm).all():
            raise ValueError(
                f"needs a face that {encoder.name} finds for identity_budget; got a picture "
                "without one; try another face, or identity_budget=null"
            )

        def measure(w_plus: WPlus) -> np.ndarray:
            return find_distances(encoder, draw_frames(generator, w_plus), calm)

        track, lowered = keep_identity(
            start, self.track, fitted.directions, self.mask, float(budget), measure
        )
        notes = [str(entry) for entry in lowered]
        for note in notes or [f"every emotion is within {budget:g} of the calm face"]:
            scene.report(Progress("identity", note=note))
        return track
