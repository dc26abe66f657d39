"""P-Net's training: its guess, drawn by the generator, must look like the picture it was given.

In: a generator whose weights stay, and real pictures of what it draws. Out: a `PNet` and held-out
figures. The loss is the search's own measure D (`synth.motion.pictures.latent_search.compare`) and
a little for guesses far from the mean latent. No latent is ever told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from embed.projection.pnet import LARGEST_PX, PNet
from synth.devices import find_device
from synth.faces.random_faces import map_seeds
from synth.generators.capabilities import TrainableGenerator
from synth.learning.fitting import FitPlan, fit_network, seed_for
from synth.limits import check_positive
from synth.motion.pictures.latent_search import compare
from synth.types import Frames, Images, to_images

_SAMPLES = 256


@dataclass(frozen=True)
class PNetPlan:
    """How long, how fast, how large; a guess one spread from the mean on average costs `prior`.

    held_out: pictures, the last ones, that only measure. Raises ValueError for values that make
    no sense.
    """

    steps: int = 2000
    batch: int = 32
    rate: float = 1e-3
    prior: float = 1e-3
    hidden: int = 768
    depth: int = 2
    held_out: int = 64
    seed: int = 0
    save_every_s: float = 120.0

    def __post_init__(self) -> None:
        check_positive(self, "steps", "hidden", "depth", "held_out", "rate")
        if self.batch < 2 or self.rate >= 1 or not 0 <= self.prior < float("inf"):
            raise ValueError(
                "needs a batch of 2 or more, a rate between 0 and 1 and a prior of 0 or more; "
                f"got {self}"
            )


def fit_pnet(
    generator: TrainableGenerator, pictures: Frames, plan: PNetPlan, folder: Path
) -> tuple[PNet, dict[str, float]]:
    """Train in `folder`, or go on from its state; -> the network, where it stands, and figures.

    pictures: uint8 [n, size, size, 3] of the generator's size. Raises ValueError for others, for
    too few, and for a folder with a run of another plan.
    """
    n = generator.resolution
    if pictures.shape[1:] != (n, n, 3) or len(pictures) < plan.held_out + plan.batch:
        raise ValueError(
            f"needs at least {plan.held_out + plan.batch} pictures of {n}x{n}; got "
            f"{list(pictures.shape)}; try more, or a smaller batch"
        )
    network = _make_network(generator, pictures, plan)
    known, held_out = pictures[: -plan.held_out], to_images(pictures[-plan.held_out :])

    def draw_batch(step: int) -> tuple[Images, Images]:
        picks = torch.randint(len(known), (plan.batch,), generator=seed_for(plan.seed, step))
        images = to_images(known[picks.numpy()]).to(find_device(generator))
        return images, images

    def find_loss(coordinates: Tensor, images: Images) -> Tensor:
        drawn = generator.synthesis(network.find_w_plus(coordinates))
        return compare(drawn, images).mean() + plan.prior * coordinates.square().mean()

    def measure(current: nn.Module) -> Mapping[str, float]:
        images = held_out.to(find_device(generator))
        errors = compare(generator.synthesis(network.find_w_plus(current(images))), images)
        return {"held_out_error": round(float(errors.mean()), 5)}

    fit = FitPlan(plan.steps, plan.batch, plan.rate, plan.seed, save_every_s=plan.save_every_s)
    figures = fit_network(network, draw_batch, find_loss, measure, fit, folder)
    return network.eval().requires_grad_(False), figures


def _make_network(generator: TrainableGenerator, pictures: Frames, plan: PNetPlan) -> PNet:
    """With random weights of the plan's seed, on the generator's device."""
    n = generator.resolution
    if n > LARGEST_PX:
        raise ValueError(
            f"needs a generator of at most {LARGEST_PX} pixels for a fully connected P-Net; got "
            f"{n}; try `python -m scripts.train_encoder`, whose network is convolutional"
        )
    sample = pictures[: plan.batch]
    grey = bool(np.ptp(sample.astype(np.int16), axis=3).max() == 0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = PNet(n, generator.num_layers, generator.w_dim, plan.hidden, plan.depth, grey)
    samples = map_seeds(range(_SAMPLES), generator, 1.0)
    network.mean.copy_(samples.mean(0))
    network.spread.copy_(samples.std(0).clamp_min(1e-6))
    return network.to(find_device(generator))
