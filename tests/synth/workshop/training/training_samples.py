"""Pictures that are a known function of w, and a trainer of a tiny network on them."""

from pathlib import Path

import numpy as np

from synth.generators.bundled_parameters import map_latents_to_parameters
from synth.generators.stylegan2 import StyleGAN2Config
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.workshop.training.plans import Stage
from synth.workshop.training.recipe import Machine, Recipe
from synth.workshop.training.train import Trainer

CONFIG = StyleGAN2Config(resolution=64, mapping_layers=2, channel_base=512, channel_max=16)
PLAN = (Stage(8, 240, 8, 2e-2), Stage(16, 32, 8, 1e-2))


def make_faces() -> FaceDataset:
    """Some more faces than are held out, each a shade of its own."""
    z = np.random.default_rng(0).normal(size=(HELD_OUT + 64, 512)).astype(np.float32)
    parameters = map_latents_to_parameters(z)
    shade = np.clip((210, 90, 40) + 8 * parameters[:, :3], 0, 255).astype(np.uint8)
    pictures = {s: np.tile(shade[:, None, None], (1, s, s, 1)) for s in (8, 16, 32)}
    return FaceDataset(z, parameters, pictures)


def make_trainer(data, folder: Path, plan=PLAN, config=CONFIG, seed: int = 0, workers: int = 1):
    """A run of a plan on these faces."""
    return Trainer(lambda: data, folder, Recipe(plan, config, seed), Machine("cpu", workers))
