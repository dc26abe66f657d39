"""The parameters that training learns from: the one place that says which vocabulary it is."""

from __future__ import annotations

import numpy as np

from synth.workshop.portraits import parameters

APPEARANCE = parameters.APPEARANCE
APPEARANCE_NAMES = parameters.APPEARANCE_NAMES
APPEARANCE_START = parameters.APPEARANCE_START
EMOTION_SLICE = parameters.EMOTION_SLICE
EMOTION_WEIGHT = parameters.EMOTION_WEIGHT
EMOTIONS = parameters.EMOTIONS
IDENTITY_SLICE = parameters.IDENTITY_SLICE
IDENTITY_WEIGHTS = parameters.IDENTITY_WEIGHTS
MOVEMENT_NAMES = parameters.MOVEMENT_NAMES
NUM_PARAMETERS = parameters.NUM_PARAMETERS
POSE_NAMES = parameters.POSE_NAMES
Z_DIM = parameters.Z_DIM
FaceParameters = parameters.FaceParameters
make_embedding = parameters.make_embedding
make_target_latents = parameters.make_target_latents
map_latents_to_parameters = parameters.map_latents_to_parameters
truncate_parameters = parameters.truncate_parameters


def make_rotation() -> np.ndarray:
    """Orthonormal columns [512, coordinate]: the coordinates of z that parameters are made of."""
    # One more than there are parameters: seven make six emotions.
    return parameters._make_orthonormal(parameters.ROTATION_SEED, parameters.NUM_PARAMETERS + 1)
