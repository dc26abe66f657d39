"""A DCGAN learns still pictures; its critic is kept beside it.

In: pictures uint8 [n, size, size, 3]. Out: a generator (the running mean of its weights) and the
critic. The game of Radford et al. 2016: Adam at 2e-4 with beta 0.5, binary cross entropy, the
generator asked to be called real. All that is random in a step comes from the seed and the step's
number, so that a run that was stopped and went on ends as one that was not. Pictures of the critic
and of the generator are normalised in batches of their own.
"""

from __future__ import annotations

import copy
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.learning.fitting import seed_for
from synth.learning.run_state import STATE_FILE, load_state, save_state
from synth.plain_text import parse_json
from synth.progress import Progress, Report, ignore_progress
from synth.storage.run_settings import check_same_settings
from synth.types import Frames, to_images


@dataclass(frozen=True)
class StillPlan:
    """How long and how fast: steps of `batch` pictures; `keep` is what the mean keeps in a step."""

    steps: int = 5000
    batch: int = 64
    rate: float = 2e-4
    keep: float = 0.995
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 2 or self.rate <= 0 or not 0 <= self.keep < 1:
            raise ValueError(
                "needs steps of 1 or more, a batch of 2 or more, a rate above 0 and keep below 1; "
                f"got {self.steps}, {self.batch}, {self.rate} and {self.keep}"
            )


class StillTrainer:
    """Generator, critic, the generator's mean, and how far they are."""

    def __init__(self, config: DCGANConfig, plan: StillPlan, pictures: Frames) -> None:
        size = config.resolution
        if pictures.shape[1:] != (size, size, 3) or len(pictures) < plan.batch:
            raise ValueError(
                f"needs at least {plan.batch} pictures of {size}x{size}; "
                f"got {list(pictures.shape)}; try another size or a smaller batch"
            )
        self.plan, self.pictures, self.step = plan, pictures, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.generator, self.critic = DCGAN(config), DCGANCritic(config)
        self.mean = copy.deepcopy(self.generator).requires_grad_(False)
        self.optimizers = [
            torch.optim.Adam(network.parameters(), lr=plan.rate, betas=(0.5, 0.999))
            for network in (self.generator, self.critic)
        ]

    def take_step(self) -> tuple[float, float]:
        """One step of both; -> losses of critic and generator."""
        random = seed_for(self.plan.seed, self.step)
        picks = torch.randint(len(self.pictures), (self.plan.batch,), generator=random)
        real = to_images(self.pictures[picks.numpy()])
        z = torch.randn(self.plan.batch, self.generator.z_dim, generator=random)
        drawn = self.generator.synthesis(self.generator.mapping(z))
        loss = _judge(self.critic(real), True) + _judge(self.critic(drawn.detach()), False)
        _descend(self.optimizers[1], loss)
        wish = _judge(self.critic(drawn), True)
        _descend(self.optimizers[0], wish)
        self._follow()
        self.step += 1
        return float(loss.detach()), float(wish.detach())

    @torch.no_grad()
    def _follow(self) -> None:
        # Early on the mean forgets faster, so that it does not remember the random start.
        keep = min(self.plan.keep, (1 + self.step) / (10 + self.step))
        current = self.generator.state_dict()
        for name, tensor in self.mean.state_dict().items():
            tensor.lerp_(current[name], 1 - keep)

    def save_state(self, folder: Path) -> None:
        """Write where the run is, whole or not at all."""
        state = {
            "networks": [x.state_dict() for x in (self.generator, self.critic, self.mean)],
            "optimizers": [x.state_dict() for x in self.optimizers],
            "step": self.step,
            "about": json.dumps(self._describe(), sort_keys=True),
        }
        save_state(folder / STATE_FILE, state)

    def load_state(self, folder: Path) -> None:
        """Take up a run where there is one. Raises ValueError for a run of another plan."""
        path = folder / STATE_FILE
        state = load_state(path, "cpu")
        if state is None:
            return
        kept, source = parse_json(state["about"], str(path)), f"the run in {path} was begun with"
        check_same_settings(kept, self._describe(), source)
        networks: list[nn.Module] = [self.generator, self.critic, self.mean]
        for network, weights in zip(networks, state["networks"], strict=True):
            network.load_state_dict(weights)
        for optimizer, entries in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(entries)
        self.step = int(state["step"])

    def _describe(self) -> dict[str, Any]:
        plan = {key: value for key, value in asdict(self.plan).items() if key != "steps"}
        about = {**plan, "pictures": len(self.pictures), "config": asdict(self.generator.config)}
        return about


def fit_still_gan(
    pictures: Frames,
    config: DCGANConfig,
    plan: StillPlan,
    folder: Path,
    report: Report = ignore_progress,
    save_every_s: float = 120.0,
) -> tuple[DCGAN, DCGANCritic]:
    """Train to the end of the plan, or go on from the folder's state; -> the mean and the critic.

    Raises ValueError for pictures of another size, and for a folder with a run of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainer = StillTrainer(config, plan, pictures)
    trainer.load_state(folder)
    saved_s = time.monotonic()
    while trainer.step < plan.steps:
        trainer.take_step()
        report(Progress("learn", trainer.step, plan.steps))
        if time.monotonic() - saved_s > save_every_s:
            trainer.save_state(folder)
            saved_s = time.monotonic()
    trainer.save_state(folder)
    return trainer.mean.eval(), trainer.critic.eval().requires_grad_(False)


def _judge(logits: Tensor, real: bool) -> Tensor:
    """Binary cross entropy of logits against one answer for all."""
    return F.softplus(-logits if real else logits).mean()


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
