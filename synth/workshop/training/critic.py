"""The adversarial term: a small critic tells patches of generated pictures from renders.

It sees a patch's coarse picture and what the patch has beyond it, so that it judges whether the
detail belongs there rather than the distribution of people; a generated patch is shown with its
own coarse picture, so that a small shift against the render is not what gives it away.
Relativistic logistic loss (Jolicoeur-Martineau 2018): a generated patch and the render of the same
person are compared place by place, so that the critic need not learn first which places are plain.
With the R1 penalty in every eighth step (Mescheder et al. 2018; Karras et al. 2020, appendix B).
It computes in bfloat16, for which many processors have instructions, and is trained by all cores.
"""

from __future__ import annotations

import itertools
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synth.generators.layers import SLOPE
from synth.workshop.training.crew import Crew, give_gradients

COARSE = 8
R1_EVERY, R1_GAMMA = 8, 0.002
CHANNELS = (32, 64, 96, 96)
#: Brings detail to about unit size, so that the critic need not find it in the whole first.
DETAIL_GAIN = 8.0


class Critic(nn.Module):
    """Pictures [batch, 3, n, n] -> logits [batch, 1, n/8, n/8]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(6, CHANNELS[0], 3, padding=1), nn.LeakyReLU(SLOPE)]
        for before, after in itertools.pairwise(CHANNELS):
            layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(CHANNELS[-1], 1, 3, padding=1))
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, SLOPE)
                nn.init.zeros_(cast(Tensor, layer.bias))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits in float32."""
        coarse = make_coarse(pictures)
        x = torch.cat([(pictures - coarse) * DETAIL_GAIN, coarse], 1)
        return self.layers(x.contiguous(memory_format=torch.channels_last)).float()


def make_coarse(pictures: Tensor) -> Tensor:
    """Pictures without their detail."""
    small = F.avg_pool2d(pictures, COARSE)
    return F.interpolate(small, scale_factor=COARSE, mode="bilinear", align_corners=False)


class Opponent:
    """The critic with its optimiser."""

    def __init__(self, device: torch.device, crew: Crew | None = None, rate: float = 2e-3) -> None:
        """crew: who shares the critic's own training; None is one worker."""
        self.device, self.crew = device, crew or Crew(1)
        self.critic = Critic().to(device)
        self.optimizer = torch.optim.Adam(self.critic.parameters(), rate, (0.0, 0.99), fused=True)
        self.steps = 0

    def judge(self, output: Tensor, target: Tensor) -> Tensor:
        """The generator's loss on `output` against the renders of the same people."""
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.no_grad():
                on_real = self.critic(target)
            return F.softplus(on_real - self.critic(output)).mean()

    def find_pull(self, output: Tensor, target: Tensor) -> Tensor:
        """The gradient of that loss at `output`, brought to a root mean square of 1.

        However sure the critic is, its pull then keeps its size beside the regression's.
        """
        pictures = output.detach().requires_grad_()
        (slope,) = torch.autograd.grad(self.judge(pictures, target), pictures)
        return slope / slope.square().mean().sqrt().clamp_min(1e-12)

    def train(self, output: Tensor, target: Tensor) -> None:
        """One step of the critic on generated pictures and renders."""
        gradients = self.crew.add(self._find_gradients, output.detach(), target.detach())
        give_gradients(self.critic.parameters(), gradients)
        self.optimizer.step()
        self.steps += 1

    def _find_gradients(self, output: Tensor, target: Tensor, share: float) -> list[Tensor]:
        """Of the critic's loss on a part of the batch, times the part's share."""
        penalized = self.steps % R1_EVERY == 0
        real = target.requires_grad_() if penalized else target
        with torch.autocast(self.device.type, torch.bfloat16):
            on_real, on_fake = self.critic(real), self.critic(output)
            loss = F.softplus(on_fake - on_real).mean()
        if penalized:
            # Per logit, so that the penalty does not grow with the patch.
            (slope,) = torch.autograd.grad(on_real.mean((1, 2, 3)).sum(), real, create_graph=True)
            area = on_real.shape[-1] * on_real.shape[-2]
            penalty = slope.square().sum((1, 2, 3)).mean() * area
            loss = loss + R1_EVERY * R1_GAMMA / 2 * penalty
        return list(torch.autograd.grad(loss * share, list(self.critic.parameters())))

    def state_dict(self) -> dict:
        """For the run's state."""
        return {
            "critic": self.critic.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
        }

    def load_state_dict(self, state: dict) -> None:
        """Take the state up."""
        self.critic.load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = state["steps"]
