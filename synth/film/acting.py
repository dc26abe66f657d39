"""A film of somebody who acts already: the motion is added to what they do, for as long as they do.

In: a face and the plan of a motion for it. Out: the plan of the film.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from synth.faces.face import Acting, Face
from synth.motion.base import Moment, Plan, Scene
from synth.motion.paths import LatentPath, compute_film_length
from synth.progress import Progress
from synth.types import Times, WPlus


@dataclass(frozen=True, eq=False)
class CarriedPath:
    """A LatentPath: `path`, added to somebody who acts; its last moment holds until they end."""

    path: LatentPath
    acting: Acting
    duration_s: float
    closed: bool = False

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]."""
        return self.acting.carry(self.path, times_s)


def let_act(face: Face, plan: Plan, scene: Scene) -> Plan:
    """The plan for a face that acts by itself; for any other the plan as it is."""
    if face.acts is None:
        return plan
    duration_s = compute_film_length(face.acts.duration_s, scene.fps)
    if abs(face.acts.fps - scene.fps) > 1e-3:
        note = (
            f"{face.label} has {face.acts.fps:g} frames a second, the film {scene.fps:g}; "
            f"video.fps={face.acts.fps:g} shows each of its frames once"
        )
        scene.report(Progress("film", note=note))
    seen = tuple(moment for moment in plan.moments if moment.time_s <= duration_s)
    return replace(
        plan,
        path=CarriedPath(plan.path, face.acts, duration_s),
        moments=seen or (Moment(0.0, "start"),),
        sound=plan.sound or face.acts.sound,
        # The scorecard looks at whole frames, not at the aligned faces that a scorer knows.
        told=None,
    )
