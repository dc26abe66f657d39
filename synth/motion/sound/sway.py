"""Where a head sways: the direction in which a generator's faces differ most, in its coarse rows.

In: a generator. Out: one step of it in W+. Coarse rows hold the pose (thesis, 4.3), and the first
principal component of random latents is what they vary most (Härkönen et al. 2020, GANSpace): for
the bundled generator that is turning the head. Nobody has told the generator, so another one may
vary something else most.
"""

from __future__ import annotations

import numpy as np
import torch

from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.types import Rows

#: Rows that hold the pose (thesis, 4.3), and random faces that are enough to tell.
POSE_ROWS = 5
_FACES = 256


def find_sway_direction(generator: Generator) -> Rows:
    """W+ [layer, w_dim]: one standard deviation along the first component, zero in finer rows.

    Zeros for a generator of too few rows to tell pose from person.
    """
    direction = torch.zeros(generator.num_layers, generator.w_dim)
    if generator.num_layers <= POSE_ROWS:
        return direction
    coarse = map_seeds(range(_FACES), generator, 1.0)[:, :POSE_ROWS].flatten(1).double()
    centred = (coarse - coarse.mean(0)).numpy()
    # The largest component out of the faces' products with each other: there are far fewer faces
    # than numbers in a face.
    _, mixtures = np.linalg.eigh(centred @ centred.T)
    step = torch.from_numpy(mixtures[:, -1] @ centred / _FACES**0.5)
    # A component has no sign of its own; the same generator must sway the same way first.
    step = step * step[step.abs().argmax()].sign()
    direction[:POSE_ROWS] = step.reshape(POSE_ROWS, -1).float()
    return direction
