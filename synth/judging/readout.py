"""Which emotion does a face show, read off by the perceptual network: for fitting and calibrating.

The perceptual network learned to tell the parameters of renders, six emotion weights among them.
So it may have a say where the judge of emotions, which reports, must not be asked. It sees faces
of the bundled generator and renders; for photographs take a classifier that was trained on them.

Weights become shares: p_e = w_e clipped to [0, 1], p_calm = 1 - sum of them, divided by their sum.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from synth.generators.bundled_parameters import EMOTION_SLICE, Z_DIM, map_latents_to_parameters
from synth.judging.emotion_scoring import Probabilities
from synth.judging.perceptual import BUNDLED_PERCEPTUAL, PerceptualNetwork, load_perceptual
from synth.resizing import resize_frames
from synth.types import Frames, to_images

READ_PX = 128
BATCH = 32
#: Random faces from which the scale of the emotion weights is measured again.
SCALE_FACES = 20000


class PerceptualScorer:
    """EmotionScorer on the perceptual network that ships, or the one at `path`."""

    name = "moodreel-perceptual's emotion weights"

    def __init__(self, path: str | None = None) -> None:
        self._path = Path(path) if path is not None else BUNDLED_PERCEPTUAL

    def score(self, faces: Frames) -> Probabilities:
        """uint8 faces [face, size, size, 3] in FFHQ alignment -> shares [face, 7]."""
        weights = self.read_weights(faces).clip(0, 1)
        calm = (1 - weights.sum(1, keepdims=True)).clip(0)
        shares = np.concatenate([calm, weights], 1)
        return shares / shares.sum(1, keepdims=True)

    def read_weights(self, faces: Frames) -> Float[np.ndarray, "face 6"]:
        """Emotion weights as in `bundled_parameters`: 0 at rest, 1 in full, not clipped."""
        small = faces if faces.shape[1] == READ_PX else resize_frames(faces, READ_PX)
        centre, spread = self._scale
        with torch.inference_mode():
            parts = [
                self._network(to_images(small[k : k + BATCH]))[:, EMOTION_SLICE]
                for k in range(0, len(small), BATCH)
            ]
        return torch.cat(parts).double().numpy() * spread + centre

    @cached_property
    def _network(self) -> PerceptualNetwork:
        return load_perceptual(self._path)

    @cached_property
    def _scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of the weights over random faces, by which its targets were scaled."""
        z = np.random.default_rng(0).standard_normal((SCALE_FACES, Z_DIM), np.float32)
        weights = map_latents_to_parameters(z)[:, EMOTION_SLICE]
        return weights.mean(0), weights.std(0)
