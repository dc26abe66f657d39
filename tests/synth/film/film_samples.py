"""A generator that draws plain greys, and a motion that nobody in the library knows."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from synth.faces.face import Face
from synth.motion.base import Moment, Plan, Scene


@dataclass
class GreyGenerator:
    """A picture as bright as the first number of its W+: one row, no noise, no gradients."""

    resolution: int = 16
    z_dim: int = 4
    w_dim: int = 4
    num_layers: int = 1
    name: str = "grey"
    sha256: str = "0" * 64
    batches: list = field(default_factory=list)
    broken_from: int = 10**9

    def mapping(self, z, class_weights=None, truncation_psi=1.0, truncation_cutoff=None):
        return truncation_psi * z[:, None, :].expand(-1, self.num_layers, -1)

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        self.batches.append((len(w_plus), noise_mode, torch.is_grad_enabled()))
        if len(self.batches) >= self.broken_from:
            w_plus = w_plus * float("nan")
        grey = w_plus[:, 0, 0].float()[:, None, None, None]
        return grey.expand(-1, 3, self.resolution, self.resolution)


@dataclass
class RampPath:
    """From -1 to 1 within the duration."""

    duration_s: float
    closed: bool = False
    rows: int = 1
    asked: list = field(default_factory=list)

    def __call__(self, times_s):
        self.asked.append(len(times_s))
        share = times_s.float() / max(self.duration_s, 1e-9) * 2 - 1
        return share[:, None, None].expand(-1, self.rows, 4)


@dataclass(frozen=True)
class Fade:
    """A Motion: from black to white within `seconds`, the right half of the picture red."""

    seconds: float = 1.0

    def plan(self, face: Face, scene: Scene) -> Plan:
        moments = (Moment(0.0, "dark"), Moment(self.seconds, "light", 1.0))
        return Plan(RampPath(self.seconds), moments, {"fade": self.seconds}, touch=paint_red)


def paint_red(frames, times_s):
    assert len(frames) == len(times_s)
    painted = frames.copy()
    painted[:, :, frames.shape[2] // 2 :] = (255, 0, 0)
    return painted
