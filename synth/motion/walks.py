"""A walk from face to face: a motion that needs no directions, so that every generator can film.

In: the film's face, then random faces or those of a latents file. Out: a `Plan`, closed by default.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch

from synth.faces.face import Face
from synth.faces.latents import load_latents
from synth.faces.random_faces import map_seeds
from synth.motion.base import Plan, Scene
from synth.motion.interpolation import Interpolation
from synth.motion.keyframe_motion import plan_keyframes
from synth.motion.keyframes import make_walk_keyframes
from synth.types import WPlus


@dataclass(frozen=True)
class FaceWalk:
    """A Motion: `count` faces in all, the given one, then those of `seed`, `seed` + 1 ... of `psi`.

    With `latents`, a file's faces are visited instead, all of them. `hold` and `gap` are seconds
    on and between faces (None: by `interpolation`); a `loop` returns to the first.
    Raises ValueError for fewer than two faces.
    """

    count: int = 6
    seed: int = 1
    psi: float | int = 0.7
    latents: str | None = None
    hold: float | int = 0.0
    gap: float | int | None = None
    loop: bool = True
    interpolation: Interpolation = field(default_factory=Interpolation)

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ValueError(f"needs at least 2 faces for a walk; got count={self.count}; try 6")

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The way from face to face. Raises ValueError for latents that do not fit."""
        faces, labels = self._list_faces(face)
        gap_s = self.interpolation.find_gap_s(scene.fps) if self.gap is None else float(self.gap)
        keyframes = make_walk_keyframes(faces, labels, gap_s, float(self.hold), self.loop)
        record = {**asdict(self), "gap": gap_s}
        record.pop("interpolation")
        return plan_keyframes(keyframes, self.interpolation, scene.fps, {"walk": record})

    def _list_faces(self, face: Face) -> tuple[WPlus, list[str]]:
        """W+ [face, layer, w_dim] and a label for each."""
        if self.latents is not None:
            faces = load_latents(self.latents, face.generator)
            if len(faces) < 2:
                raise ValueError(f"{self.latents}: needs at least 2 faces for a walk; got 1")
            return faces, [f"face {index}" for index in range(len(faces))]
        seeds = range(self.seed, self.seed + self.count - 1)
        others = map_seeds(seeds, face.generator, self.psi)
        labels = ["start", *(f"seed {seed}" for seed in seeds)]
        return torch.cat([face.rows[None].cpu(), others]), labels
