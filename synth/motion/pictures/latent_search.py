"""Picture -> latent by L-BFGS (scipy's), from a given start or the best of random ones.

In: pictures [batch, 3, n, n] in [-1, 1] of a generator's own size. Out: W+ and the error of each.

Symbols: x, what is searched: W+ = m + s x, with m and s the mean and spread of each number of
random W+. Minimised is D(G(W+), picture) + prior * mean((x - a)^2), a the start if given, else
0. D is the mean square difference, averaged over the picture and its halves, quarters ... down to
8 pixels, since a thing drawn beside its place has a slope to follow only where pictures are coarse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from scipy.optimize import minimize
from torch import Tensor

from synth.devices import find_device
from synth.faces.random_faces import map_seeds
from synth.generators.capabilities import TrainableGenerator
from synth.progress import Progress, Report, ignore_progress
from synth.types import Images, WPlus

#: Random W+ by which mean and spread are measured.
_SAMPLES = 256
_COARSEST_PX = 8

#: Grey ones too.
Pictures = Float[Tensor, "batch colour height width"]


@dataclass(frozen=True)
class SearchSettings:
    """How long to search, and how far.

    steps: of L-BFGS, at most. prior: what an average distance of one spread costs, from the start
    that is given, else from the mean latent. starts: random ones, where no start is given; the best
    counts.
    Raises ValueError for values that make no sense.
    """

    steps: int = 100
    prior: float = 1e-2
    starts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.starts < 1 or not 0 <= self.prior < float("inf"):
            raise ValueError(
                "needs steps and starts of 1 or more and a prior of 0 or more; got "
                f"{self.steps}, {self.starts} and {self.prior:g}; try 100, 1 and 0.01"
            )


@dataclass(frozen=True, eq=False)
class FoundLatents:
    """W+ [picture, layer, w_dim] on the CPU; errors D [picture]."""

    w_plus: WPlus
    errors: Float[Tensor, " picture"]


def search_latents(
    generator: TrainableGenerator,
    pictures: Images,
    settings: SearchSettings = SearchSettings(),
    start: WPlus | None = None,
    report: Report = ignore_progress,
) -> FoundLatents:
    """The latents whose pictures are most like the given ones, each searched alone.

    start: W+ of each picture; None for random ones. What is found is never worse than its start.
    Raises ValueError for pictures of another size.
    """
    search = _Search(generator, settings)
    found, errors = [], []
    for k, picture in enumerate(check_pictures(pictures, generator)):
        own = search.list_random_starts(k) if start is None else start[k : k + 1]
        report(Progress("search", k, len(pictures)))
        tried = [search.run(picture[None], one, start is not None) for one in own]
        loss, w_plus = min(tried, key=lambda pair: pair[0])
        found.append(w_plus)
        errors.append(loss)
    w_plus = torch.stack(found)
    return FoundLatents(w_plus, measure_errors(generator, w_plus, pictures))


@torch.no_grad()
def measure_errors(
    generator: TrainableGenerator, w_plus: WPlus, pictures: Images
) -> Float[Tensor, " picture"]:
    """D between what the latents draw and the pictures."""
    device = find_device(generator)
    drawn = [generator.synthesis(one[None].to(device)) for one in w_plus]
    pairs = zip(drawn, pictures, strict=True)
    return torch.stack([compare(one, other[None].to(device))[0].cpu() for one, other in pairs])


def compare(pictures: Pictures, others: Pictures) -> Float[Tensor, " batch"]:
    """D: the mean square difference over all sizes from the pictures' own to 8 pixels."""
    difference = pictures - others
    levels = [difference.square().mean((1, 2, 3))]
    while difference.shape[-1] >= 2 * _COARSEST_PX:
        difference = F.avg_pool2d(difference, 2)
        levels.append(difference.square().mean((1, 2, 3)))
    return torch.stack(levels).mean(0)


def check_pictures(pictures: Images, generator: TrainableGenerator) -> Images:
    """The pictures. Raises ValueError unless they are as large as the generator's."""
    n = generator.resolution
    if tuple(pictures.shape[1:]) != (3, n, n):
        raise ValueError(
            f"needs pictures of shape [batch, 3, {n}, {n}] for generator {generator.name}; got "
            f"{list(pictures.shape)}; try resizing them"
        )
    return pictures


class _Search:
    """The objective of one generator, as scipy wants it."""

    def __init__(self, generator: TrainableGenerator, settings: SearchSettings) -> None:
        self.generator, self.settings = generator, settings
        self.device = find_device(generator)
        samples = map_seeds(range(_SAMPLES), generator, 1.0)
        self.mean, self.spread = samples.mean(0), samples.std(0).clamp_min(1e-6)

    def list_random_starts(self, picture: int) -> WPlus:
        """Other seeds for each picture, never those of another."""
        settings = self.settings
        first = settings.seed + picture * settings.starts
        return map_seeds(range(first, first + settings.starts), self.generator, 1.0)

    def run(self, picture: Images, start: Tensor, anchored: bool) -> tuple[float, Tensor]:
        """Loss and W+ [layer, w_dim] of the best that is found from one start, or near it."""
        target = picture.to(self.device)
        spread, mean = self.spread.to(self.device), self.mean.to(self.device)

        def measure(x: np.ndarray) -> tuple[float, np.ndarray]:
            with torch.inference_mode(False), torch.enable_grad():
                free = torch.tensor(x, dtype=torch.float32, device=self.device).requires_grad_()
                w_plus = mean + spread * free.view_as(mean)
                loss = compare(self.generator.synthesis(w_plus[None]), target)[0]
                loss = loss + self.settings.prior * (free - anchor).square().mean()
                (slope,) = torch.autograd.grad(loss, free)
            return float(loss.detach()), slope.double().cpu().numpy()

        x = ((start.cpu() - self.mean) / self.spread).double().reshape(-1).numpy()
        anchor = torch.from_numpy(x * anchored).float().to(self.device)
        found = minimize(
            measure, x, jac=True, method="L-BFGS-B", options={"maxiter": self.settings.steps}
        )
        best = torch.from_numpy(np.asarray(found.x)).float().view_as(self.mean)
        return float(found.fun), self.mean + self.spread * best
