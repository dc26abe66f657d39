"""Calm faces to try directions on, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from synth.devices import find_device
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet
from synth.motion.masks import LayerMask
from synth.motion.neutral import find_start
from synth.scores.acd import FaceEncoder
from synth.types import Frames, WPlus, to_frames

#: Pictures made at once.
BATCH = 8


def draw_frames(generator: Generator, w_plus: WPlus) -> Frames:
    """W+ -> uint8 frames at the generator's size."""
    device = find_device(generator)
    with torch.inference_mode():
        parts = [to_frames(generator.synthesis(part.to(device))) for part in w_plus.split(BATCH)]
    return np.concatenate(parts)


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


def find_distances(
    encoder: FaceEncoder, frames: Frames, embeddings: Float[np.ndarray, "#frame d"]
) -> Float[np.ndarray, " frame"]:
    """How far each face is from its embedding, or from the one of all; NaN where none is found."""
    return np.linalg.norm(encoder.encode(frames) - embeddings, axis=1)
