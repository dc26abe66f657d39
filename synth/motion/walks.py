"""A walk from face to face: keyframes that need no directions, so that every generator can film.

In: the run's face, then random faces or those of a latents file. Out: Keyframes, closed by
default, one per face.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from synth.faces.latents import load_latents
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.motion.emotion_track import DEFAULT_GAP_S
from synth.motion.keyframes import Keyframes, make_walk_keyframes
from synth.types import Rows


@dataclass(frozen=True)
class FaceWalk:
    """`count` faces in all: the given one, then those of `seed`, `seed` + 1 ... mapped with `psi`.

    With `latents`, a file's faces are visited instead, all of them. `hold` and `gap` are seconds
    on and between faces (None: `default_gap_s`); a `loop` returns to the first.
    """

    count: int = 6
    seed: int = 1
    psi: float | int = 0.7
    latents: str | None = None
    hold: float | int = 0.0
    gap: float | int | None = None
    loop: bool = True
    default_gap_s: float | int = DEFAULT_GAP_S

    def make_keyframes(self, face: Rows, generator: Generator) -> Keyframes:
        """Keyframes of the walk; `face` [layer, w_dim] comes first unless `latents` is given.

        Raises ValueError for fewer than two faces, or latents that do not fit the generator.
        """
        if self.latents is not None:
            faces = load_latents(self.latents, generator)
            labels = [f"face {index}" for index in range(len(faces))]
            if len(faces) < 2:
                raise ValueError(f"{self.latents}: needs at least 2 faces for a walk; got 1")
        else:
            if self.count < 2:
                raise ValueError(f"needs at least 2 faces for a walk; got track.count={self.count}")
            seeds = range(self.seed, self.seed + self.count - 1)
            faces = torch.cat([face[None].cpu(), map_seeds(seeds, generator, self.psi)])
            labels = ["start", *(f"seed {seed}" for seed in seeds)]
        gap_s = self.default_gap_s if self.gap is None else self.gap
        return make_walk_keyframes(faces, labels, float(gap_s), float(self.hold), self.loop)
