"""Generator and P-Net learn together: no digit is lost, and lines between pictures stay real.

A small GAN alone forgets most digits. Here the generator must also draw what P-Net guesses of real
frames (an autoencoder within the GAN, as in Larsen et al. 2016, arXiv 1512.09300), and the critic
judges, beside random latents, points between the guesses of two frames (as in Berthelot et al.
2018, arXiv 1807.07543).

Symbols: x real frames, P, G, C the networks, D the search's measure of difference. Minimised by P
and G: pull * D(G(P(x)), x) + prior * mean(P(x)^2) + softplus(-C(G(z))) for z random or between.
"""

from __future__ import annotations

import copy
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from torch import Tensor, nn

from embed.projection.pnet import PNet
from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.learning.fitting import seed_for
from synth.learning.run_state import STATE_FILE, load_state, save_state
from synth.limits import check_positive
from synth.motion.pictures.latent_search import compare
from synth.progress import Progress, Report

GreyFrames = UInt8[np.ndarray, "frame height width"]


@dataclass(frozen=True)
class JointPlan:
    """How long and how fast; `pull` weighs likeness against the critic, `keep` is of the mean."""

    steps: int = 1000
    batch: int = 32
    rate: float = 6e-4
    critic_rate: float = 2e-4
    pnet_rate: float = 1e-3
    pull: float = 150.0
    prior: float = 0.01
    keep: float = 0.99
    hidden: int = 512
    depth: int = 2
    seed: int = 0
    save_every_s: float = 60.0

    def __post_init__(self) -> None:
        check_positive(
            self, "steps", "batch", "rate", "critic_rate", "pnet_rate", "hidden", "depth"
        )


class JointTrainer:
    """The three networks, the means of two of them, and how far they are."""

    def __init__(self, config: DCGANConfig, frames: GreyFrames, plan: JointPlan) -> None:
        self.frames, self.plan, self.step = frames, plan, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self.generator, self.critic = DCGAN(config), DCGANCritic(config)
            n, z_dim = config.resolution, config.z_dim
            self.pnet = PNet(n, 1, z_dim, plan.hidden, plan.depth, grey=True)
        self.means = [
            copy.deepcopy(network).requires_grad_(False) for network in (self.generator, self.pnet)
        ]
        self.optimizers = [
            torch.optim.Adam(self.generator.parameters(), plan.rate, (0.5, 0.999)),
            torch.optim.Adam(self.pnet.parameters(), plan.pnet_rate, (0.5, 0.999)),
            torch.optim.Adam(self.critic.parameters(), plan.critic_rate, (0.5, 0.999)),
        ]

    def take_step(self) -> tuple[float, float]:
        """One step of all; -> D, and the critic's loss."""
        plan, random = self.plan, seed_for(self.plan.seed, self.step)
        picks = torch.randint(len(self.frames), (plan.batch,), generator=random)
        grey = torch.from_numpy(self.frames[picks.numpy()]).float() / 127.5 - 1
        real = grey[:, None].expand(-1, 3, -1, -1)
        guesses = self.pnet(real)
        latents = torch.cat([guesses, self._choose_latents(guesses.detach(), random)])
        drawn = self.generator.synthesis(latents)
        again, made_up = drawn[: plan.batch], drawn[plan.batch :]
        difference = compare(again[:, :1], real[:, :1]).mean()
        self.critic.requires_grad_(False)
        wish = F.softplus(-self.critic(made_up)).mean()
        loss = plan.pull * difference + plan.prior * guesses.square().mean() + wish
        _descend(self.optimizers[:2], loss)
        self.critic.requires_grad_(True)
        judged = F.softplus(-self.critic(real)).mean()
        judged = judged + F.softplus(self.critic(made_up.detach())).mean()
        _descend(self.optimizers[2:], judged)
        self._follow()
        self.step += 1
        return float(difference.detach()), float(judged.detach())

    def _choose_latents(self, guesses: Tensor, random: torch.Generator) -> Tensor:
        """Half of them random, half between the guesses of two frames."""
        half = len(guesses) // 2
        share = torch.rand(half, 1, 1, generator=random)
        between = torch.lerp(guesses[:half], guesses[half : 2 * half], share)
        rest = torch.randn(len(guesses) - half, *guesses.shape[1:], generator=random)
        return torch.cat([between, rest])

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.plan.keep, (1 + self.step) / (10 + self.step))
        for mean, network in zip(self.means, (self.generator, self.pnet), strict=True):
            current = network.state_dict()
            for name, tensor in mean.state_dict().items():
                if tensor.is_floating_point():
                    tensor.lerp_(current[name], 1 - keep)

    def _list_modules(self) -> list[nn.Module]:
        return [self.generator, self.pnet, self.critic, *self.means]

    def save_state(self, folder: Path) -> None:
        """Write where the run is, whole or not at all."""
        state = {
            "networks": [x.state_dict() for x in self._list_modules()],
            "optimizers": [x.state_dict() for x in self.optimizers],
            "step": self.step,
            "about": self._describe(),
        }
        save_state(folder / STATE_FILE, state)

    def load_state(self, folder: Path) -> None:
        """Take up a run where there is one. Raises ValueError for a run of another plan."""
        state = load_state(folder / STATE_FILE, "cpu")
        if state is None:
            return
        if state["about"] != self._describe():
            raise ValueError(f"{folder}: needs a run of this plan; got another; try another folder")
        for network, weights in zip(self._list_modules(), state["networks"], strict=True):
            network.load_state_dict(weights)
        for optimizer, entries in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(entries)
        self.step = int(state["step"])

    def _describe(self) -> str:
        plan = {k: v for k, v in asdict(self.plan).items() if k not in ("steps", "save_every_s")}
        return str(plan | {"frames": len(self.frames), "config": self.generator.config})


def fit_jointly(
    config: DCGANConfig, frames: GreyFrames, plan: JointPlan, folder: Path, report: Report
) -> tuple[DCGAN, DCGANCritic, PNet]:
    """Train, or go on from the folder's state; -> means of G and P, the critic."""
    folder.mkdir(parents=True, exist_ok=True)
    trainer = JointTrainer(config, frames, plan)
    trainer.load_state(folder)
    saved_s = time.monotonic()
    while trainer.step < plan.steps:
        difference, judged = trainer.take_step()
        note = f"{trainer.step} of {plan.steps}: D {difference:.4f}, critic {judged:.3f}"
        report(Progress("together", trainer.step, plan.steps, note))
        if time.monotonic() - saved_s > plan.save_every_s:
            trainer.save_state(folder)
            saved_s = time.monotonic()
    trainer.save_state(folder)
    generator, pnet = trainer.means
    assert isinstance(generator, DCGAN) and isinstance(pnet, PNet)
    return generator.eval(), trainer.critic.eval().requires_grad_(False), pnet.eval()


def _descend(optimizers: list[torch.optim.Adam], loss: Tensor) -> None:
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
