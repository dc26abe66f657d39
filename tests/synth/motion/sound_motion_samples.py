"""Flat generators and directions for tests of sound as a motion."""

import numpy as np
import torch

from synth import Emotion, Scene
from synth.generators.capabilities import Capabilities
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import Direction
from synth.motion.masks import LayerMask
from synth.motion.sound.categories import CastSettings
from synth.motion.sound.drive import DriveSettings

ROWS, W_DIM = 8, 12
SCENE = Scene(25)
STILL = DriveSettings(loudness=0, pulse=0, sway=0)


class FlatGenerator:
    """Pictures as bright as the mean of W+; z is tiled into rows."""

    z_dim, w_dim, num_layers, resolution = W_DIM, W_DIM, ROWS, 8
    name, sha256 = "flat", "ab" * 32

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return truncation_psi * z[:, None].repeat(1, ROWS, 1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        return w_plus.mean((1, 2))[:, None, None, None].expand(-1, 3, 8, 8)


class ThingGenerator(FlatGenerator):
    """Three classes; row 0 tells which."""

    name = "things"
    capabilities = Capabilities(class_names=("cat", "dog", "tree"))

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        rows = super().mapping(z, None, truncation_psi)
        rows[:, 0, :3] = class_weights
        return rows


def make_directions():
    units = torch.eye(ROWS * W_DIM).reshape(-1, ROWS, W_DIM)
    emotions = [emotion for emotion in Emotion if emotion is not Emotion.CALM]
    chosen = {e: Direction(units[k], 2.0) for k, e in enumerate(emotions)}
    return DirectionSet(chosen, "flat", FlatGenerator.sha256)


EMOTIONS = CastSettings(directions=make_directions(), mask=LayerMask(layer_stop=None))


def list_reasons(plan):
    return [entry["reason"] for entry in plan.record["sound"]["at"]]


def find_times(plan):
    return np.array([moment.time_s for moment in plan.moments])
