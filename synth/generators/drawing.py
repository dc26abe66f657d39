"""W+ -> finished pictures, for whoever wants to look at a few."""

from __future__ import annotations

import numpy as np
import torch

from synth.devices import find_device
from synth.generators.base import Generator
from synth.types import Frames, WPlus, to_frames

#: Pictures made at once.
BATCH = 8


def draw_frames(generator: Generator, w_plus: WPlus) -> Frames:
    """W+ [batch, layer, w_dim] -> uint8 frames at the generator's size, with its own noise."""
    device = find_device(generator)
    with torch.inference_mode():
        parts = [to_frames(generator.synthesis(part.to(device))) for part in w_plus.split(BATCH)]
    return np.concatenate(parts)
