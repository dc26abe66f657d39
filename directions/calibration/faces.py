"""Calm faces to try directions on."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.types import WPlus


def map_calm_faces(
    generator: Generator,
    fitted: DirectionSet,
    mask: LayerMask,
    seeds: Sequence[int],
    psi: float = 0.7,
) -> WPlus:
    """Random people at rest: W+ [face, layer, w_dim]; as they are where no calm level is known."""
    faces = map_seeds(seeds, generator, psi)
    return torch.stack([find_start(face, fitted, mask) for face in faces])
