"""Known labels: the bundled generator was trained on renders whose parameters are a function of z.

So the emotion of every z, and everything else that is drawn, is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from directions.fitting.samples import LabelledLatents
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.generators.bundled import BUNDLED_NAME
from synth.generators.bundled_parameters import (
    APPEARANCE_NAMES,
    APPEARANCE_START,
    EMOTION_SLICE,
    EMOTIONS,
    map_latents_to_parameters,
)
from synth.progress import Report, ignore_progress

#: Faces whose emotions sum to less than this are called calm.
CALM_BELOW = 0.1


@dataclass(frozen=True)
class KnownLabels:
    """A LabelSource: `count` latents of the bundled generator."""

    count: int = 60000
    seed: int = 1

    @property
    def about(self) -> str:
        """For the card."""
        return f"known: the parameters of {BUNDLED_NAME} (directions/labels/known.py)"

    def load_labels(
        self, generator: Generator, report: Report = ignore_progress
    ) -> LabelledLatents:
        """As `label_bundled_latents`."""
        return label_bundled_latents(generator, self.count, self.seed)


def label_bundled_latents(generator: Generator, count: int, seed: int) -> LabelledLatents:
    """Draw z, map them by the bundled generator, and label them by the parameters of z.

    Latents in which two emotions mix are labelled by the stronger one, with its share as
    intensity. Each z is a person of its own; attributes are all parameters of appearance (yaw, age,
    femininity, glasses ...). Raises ValueError for any other generator.
    """
    if generator.name != BUNDLED_NAME:
        raise ValueError(
            f"needs the bundled generator, whose emotions are known; got {generator.name}; "
            "try labels=latents labels.path=labelled.npz (docs/directions.md)"
        )
    z = np.random.default_rng(seed).normal(size=(count, generator.z_dim)).astype(np.float32)
    parameters = map_latents_to_parameters(z)
    weights = parameters[:, EMOTION_SLICE]
    with torch.no_grad():
        latents = torch.cat(
            [generator.mapping(part)[:, 0].cpu() for part in torch.from_numpy(z).split(4096)]
        ).numpy()
    numbers = np.array([Emotion.parse(name) for name in EMOTIONS])
    calm = weights.sum(1) < CALM_BELOW
    emotions = np.where(calm, Emotion.CALM, numbers[weights.argmax(1)]).astype(np.int64)
    intensities = np.where(calm, 0.0, weights.max(1))
    attributes = dict(zip(APPEARANCE_NAMES, parameters[:, APPEARANCE_START:].T, strict=True))
    return LabelledLatents(latents, emotions, intensities, np.arange(count), attributes)
