"""A generator whose pictures show W plainly, a classifier and an encoder that read them.

The mean over the first 8 of 10 rows lies in the picture's first pixels: coordinate k < 6 is how
much of emotion k + 1 shows; the others are the person.
"""

import numpy as np
import torch

from synth.emotions import Emotion
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.types import to_images

LAYERS, W_DIM, SEEN_ROWS, SPAN = 10, 12, 8, 4.0


class PlainGenerator:
    z_dim, w_dim, num_layers, resolution = W_DIM, W_DIM, LAYERS, 16
    name, sha256 = "plain", "cd" * 32

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        people = torch.cat([torch.zeros(len(z), 6), z[:, 6:]], 1)
        return (truncation_psi * people)[:, None].repeat(1, LAYERS, 1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        images = torch.zeros(len(w_plus), 3, 16, 16)
        images[:, :, 0, :W_DIM] = (w_plus[:, :SEEN_ROWS].mean(1) / SPAN)[:, None]
        return images


class RandomPlainGenerator(PlainGenerator):
    """Its random faces show emotions too."""

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return (truncation_psi * z)[:, None].repeat(1, LAYERS, 1)


def read_w(frames):
    return to_images(frames)[:, 0, 0, :W_DIM].numpy() * SPAN


class PlainScorer:
    """Saturates at 1: more than the full emotion cannot be seen."""

    name = "plain scorer"

    def score(self, faces):
        shown = read_w(faces)[:, :6].clip(0, 1)
        shares = np.concatenate([(1 - shown.sum(1, keepdims=True)).clip(0), shown], 1)
        return shares / shares.sum(1, keepdims=True)


class PlainEncoder:
    name = "plain encoder"

    def encode(self, frames):
        return read_w(frames).astype(np.float64)


def make_direction(emotion, coefficient=1.0, sign=1.0):
    """Coefficient 1 makes the full emotion when all rows are moved."""
    rows = torch.zeros(LAYERS, W_DIM)
    rows[:, emotion - 1] = sign
    return Direction.from_vector(rows, coefficient * LAYERS**0.5)


def make_plain_set(coefficient=1.0, signs=None, sha256=PlainGenerator.sha256):
    signs = signs or {}
    emotions = [e for e in Emotion if e is not Emotion.CALM]
    return DirectionSet(
        {e: make_direction(e, coefficient, signs.get(e, 1.0)) for e in emotions},
        "plain",
        sha256,
        {e: 0.25 for e in emotions},
    )
