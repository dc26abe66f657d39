"""Keyframes, and paths that somebody made otherwise, as motions.

In: `Keyframes`, or any LatentPath. Out: a `Plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from synth.faces.face import Face
from synth.motion.base import Moment, Plan, Scene
from synth.motion.interpolation import Interpolation, KeyframePath
from synth.motion.keyframes import Keyframes
from synth.motion.paths import LatentPath, count_frames

#: Pictures of a path that names no moments of its own.
PATH_MOMENTS = 8


@dataclass(frozen=True, eq=False)
class KeyframeMotion:
    """A Motion through given keyframes, whatever the face."""

    keyframes: Keyframes
    interpolation: Interpolation = field(default_factory=Interpolation)

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The path through them."""
        record = {"keyframes": list(self.keyframes.labels)}
        return plan_keyframes(self.keyframes, self.interpolation, scene.fps, record)


@dataclass(frozen=True, eq=False)
class PathMotion:
    """A Motion along a given path; pictures are taken at even times."""

    path: LatentPath

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The path itself."""
        last = count_frames(self.path, scene.fps) - 1
        count = min(PATH_MOMENTS, last + 1)
        frames = dict.fromkeys(round(k * last / max(count - 1, 1)) for k in range(count))
        moments = tuple(Moment(frame / scene.fps, f"frame {frame}") for frame in frames)
        return Plan(self.path, moments, {"path": type(self.path).__name__})


def plan_keyframes(
    keyframes: Keyframes,
    interpolation: Interpolation,
    fps: float | int,
    record: Mapping[str, object],
    intensities: Sequence[float | None] | None = None,
) -> Plan:
    """A plan with a moment at each keyframe; `intensities` are those of the keyframes."""
    known = intensities or [None] * len(keyframes.labels)
    moments = tuple(
        Moment(*moment) for moment in zip(keyframes.times_s, keyframes.labels, known, strict=True)
    )
    path = KeyframePath(keyframes, interpolation.easing, interpolation.find_halving_s(fps))
    return Plan(path, moments, record)
