"""The perceptual network learns to read a render's parameters from the picture.

Pictures of 64 to 256 pixels, cut, coloured, blurred and grained by chance. The loss is squared
error of standardised parameters, weighted by how much each one changes the picture. At the end,
depths are weighted so that each counts the same between two random people, who are then
RANDOM_DISTANCE apart on average.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synth.generators.bundled_parameters import (
    APPEARANCE,
    APPEARANCE_NAMES,
    APPEARANCE_START,
    EMOTION_SLICE,
    EMOTION_WEIGHT,
    EMOTIONS,
    IDENTITY_SLICE,
    IDENTITY_WEIGHTS,
    NUM_PARAMETERS,
    POSE_NAMES,
)
from synth.judging.perceptual import KIND, PerceptualNetwork
from synth.judging.storage import save_network
from synth.learning.augmentation import add_grain, cut_and_resize, jitter_colours, soften
from synth.learning.fitting import FitPlan, fit_network, seed_for
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.types import Images, to_images
from synth.workshop.training.dataset import describe_data

LIGHT_NAMES = (
    "key_azimuth", "key_elevation", "light_side", "light_rim", "light_glow", "exposure", "warmth",
    "rim_hue",
)  # fmt: skip
#: Sizes, and how often each is drawn early and late in a training.
SIZES = (64, 96, 128, 192, 256)
EARLY_CHANCES = (0.75, 0.25, 0.0, 0.0, 0.0)
LATE_CHANCES = (0.25, 0.2, 0.35, 0.1, 0.1)
#: The share of steps on small pictures only.
EARLY_SHARE = 0.6
#: LPIPS of two strangers is about this large; a scale that people are used to.
RANDOM_DISTANCE = 0.6
PLAN = FitPlan(steps=4000, batch=24, rate=3e-3)


def group_parameters() -> dict[str, list[int]]:
    """Places in the parameter vector by what they are about."""
    places = {name: APPEARANCE_START + i for i, name in enumerate(APPEARANCE_NAMES)}
    known = (*POSE_NAMES, *LIGHT_NAMES)
    return {
        "identity": list(range(NUM_PARAMETERS)[IDENTITY_SLICE]),
        "emotion": list(range(NUM_PARAMETERS)[EMOTION_SLICE]),
        "pose": [places[name] for name in POSE_NAMES],
        "light": [places[name] for name in LIGHT_NAMES],
        "looks": [place for name, place in places.items() if name not in known],
    }


class PerceptualTask:
    """Batches, loss and held-out figures of the perceptual network on one data set."""

    def __init__(self, data: FaceDataset, plan: FitPlan = PLAN) -> None:
        check_sizes(data, (128,))
        self.data, self.plan = data, plan
        trained = data.parameters[HELD_OUT:]
        spread = (data.parameters - trained.mean(0)) / np.maximum(trained.std(0), 1e-6)
        self.targets = torch.from_numpy(spread.astype(np.float32))
        self.weights = torch.tensor(
            [
                *IDENTITY_WEIGHTS,
                *[EMOTION_WEIGHT] * len(EMOTIONS),
                *(weight for _, weight, _ in APPEARANCE.values()),
            ]
        ).float()

    def draw_batch(self, step: int) -> tuple[Images, Tensor]:
        """Changed pictures that are not held out, and their standardised parameters."""
        random = seed_for(self.plan.seed, step)
        chances = EARLY_CHANCES if step < EARLY_SHARE * self.plan.steps else LATE_CHANCES
        size = SIZES[int(torch.multinomial(torch.tensor(chances), 1, generator=random))]
        has_large = len(self.data.pictures.get(256, ())) > 2 * HELD_OUT
        source = 256 if size > 128 and has_large else 128
        count = len(self.data.pictures[source])
        picks = torch.randint(HELD_OUT, count, (self.plan.batch,), generator=random)
        picks = picks.sort().values
        images = to_images(self.data.pictures[source][picks.numpy()])
        images = cut_and_resize(images, random, 0.85, size)
        order = torch.randperm(len(images), generator=random)
        images = soften(images[order], random, 0.25, size // 2)
        images = jitter_colours(images, random, 0.6)
        return add_grain(images, random, 0.06), self.targets[picks[order]]

    def find_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Squared error, weighted by visual effect."""
        return ((output - target).square() * self.weights).mean()

    def measure(self, network: nn.Module) -> dict[str, float]:
        """R2 by group on the held-out pictures: how much of the parameters' variance it sees."""
        found = torch.cat([network(part).float() for part in self.read_held_out().split(64)])
        truth = self.targets[:HELD_OUT]
        missed = (found - truth).square().sum(0) / (truth - truth.mean(0)).square().sum(0)
        return {
            f"r2_{group}": round(1 - float(missed[places].mean()), 4)
            for group, places in group_parameters().items()
        }

    def read_held_out(self) -> Images:
        """The pictures that are never trained on."""
        return to_images(np.array(self.data.pictures[128][:HELD_OUT]))


def fit_perceptual(data: FaceDataset, folder: Path, plan: FitPlan = PLAN) -> PerceptualNetwork:
    """Train, or finish training, and fold; -> the network as it ships, figures in its card."""
    torch.manual_seed(plan.seed)
    task = PerceptualTask(data, plan)
    network = PerceptualNetwork(targets=NUM_PARAMETERS, with_norms=True)
    fit_network(network, task.draw_batch, task.find_loss, task.measure, plan, folder)
    plain = network.fold_norms()
    pictures = task.read_held_out()
    plain.depth_weights.copy_(balance_depths(plain, pictures))
    return plain


@torch.no_grad()
def balance_depths(network: PerceptualNetwork, pictures: Images) -> Tensor:
    """Weights by which each depth counts the same between random people."""
    half = len(pictures) // 2
    gaps = network.find_gaps(pictures[:half], pictures[half : 2 * half]).mean(0)
    return RANDOM_DISTANCE / len(gaps) / gaps


@torch.no_grad()
def measure_distances(network: PerceptualNetwork, pictures: Images) -> dict[str, float]:
    """What distances mean: random pairs, softened and grained copies (averages)."""
    some, random = pictures[: len(pictures) // 2], seed_for(0, 0)
    n = some.shape[-1]
    low = F.interpolate(some, (n // 2, n // 2), mode="bilinear", antialias=True)
    others = {
        "distance_of_strangers": some.roll(1, 0),
        "distance_of_half_size": F.interpolate(low, (n, n), mode="bicubic"),
        "distance_of_grain_0.05": some + 0.05 * torch.randn(some.shape, generator=random),
    }
    return {
        name: round(float(network.distance(some, other).mean()), 4)
        for name, other in others.items()
    }


def save_perceptual(
    path: Path, network: PerceptualNetwork, data: FaceDataset, folder: Path, plan: FitPlan = PLAN
) -> dict[str, str]:
    """Write the file that ships; -> its card, with figures of the network as it is there."""
    task = PerceptualTask(data, plan)
    with torch.no_grad():
        figures = task.measure(network) | measure_distances(network, task.read_held_out())
    card = {
        "licence": "MIT",
        "data": describe_data(folder, data),
        "command": "python -m scripts.train_networks network=perceptual",
        "plan": ", ".join(f"{key} {value:g}" for key, value in asdict(plan).items()),
        "seed": str(plan.seed),
        "held_out": f"first {HELD_OUT} pictures",
        **{name: f"{value:g}" for name, value in figures.items()},
    }
    save_network(path, network, KIND, card)
    return card


def check_sizes(data: FaceDataset, sizes: tuple[int, ...]) -> None:
    """Raise ValueError unless the data set has pictures of these sizes beyond the held-out."""
    missing = [size for size in sizes if size not in data.pictures]
    if missing:
        raise ValueError(
            f"needs pictures of {missing} pixels; the data set has {sorted(data.pictures)}; "
            "try scripts.train_generator step=render 'pictures={256:8192,128:8192}'"
        )
    fewest = min(len(data.pictures[size]) for size in sizes)
    if fewest <= HELD_OUT:
        raise ValueError(f"needs more than {HELD_OUT} pictures; got {fewest}")
