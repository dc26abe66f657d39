"""A generator that draws plain greys, and a motion that nobody in the library knows."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field

import torch

from synth.faces.face import Face
from synth.film.marks.settings import MarkSettings
from synth.motion.base import Moment, Plan, Scene

#: A signature is another one each time; these films are compared byte by byte.
UNSIGNED = MarkSettings(manifest=False)


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


@dataclass
class WaveGenerator(GreyGenerator):
    """Waves that move with the first number of W+, so that encoders have work."""

    name: str = "waves"
    wait_s: float = 0.0

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        time.sleep(self.wait_s)
        grey = super().synthesis(w_plus)[:, :1]
        line = torch.linspace(0, 12, self.resolution)
        waves = torch.sin(line[:, None] + 30 * grey) * torch.cos(line - 20 * grey)
        return torch.cat([waves, -waves, grey.expand_as(waves)], 1)


def hash_results(folder):
    """Every result's bytes, but for how long drawing took."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in ("film.json", "scorecard.md"):
            content = path.read_bytes()
            if name == "scorecard.json":
                content = re.sub(rb'"render_time_s": [\d.]+', b"", content)
            found[name] = hashlib.sha256(content).hexdigest()
    return found
