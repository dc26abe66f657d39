"""What makes a training run this run and no other, and where it computes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from synth.generators.config import StyleGAN2Config
from synth.workshop.training.plans import FULL_CONFIG, Stage, cut_config


@dataclass(frozen=True)
class Recipe:
    """Stages, the network at its full size, and the seed of all chance."""

    plan: tuple[Stage, ...]
    config: StyleGAN2Config = FULL_CONFIG
    seed: int = 0

    @property
    def cut(self) -> StyleGAN2Config:
        """The network as far as the plan trains it."""
        return cut_config(self.config, self.plan[-1].resolution)

    def describe(self) -> dict[str, Any]:
        """For the run's state."""
        return {
            "plan": [asdict(stage) for stage in self.plan],
            "config": self.cut.to_json(),
            "seed": self.seed,
        }

    def continues(self, found: dict[str, Any], stage_index: int, has_begun: bool) -> bool:
        """Whether this goes on from the run found: what is not done may be replanned."""
        mine = self.describe()
        if has_begun and stage_index < min(len(found["plan"]), len(mine["plan"])):
            now, then = (run["plan"][stage_index] for run in (mine, found))
            if (now["resolution"], now["trunk"]) != (then["resolution"], then["trunk"]):
                return False
        same_start = found["plan"][:stage_index] == mine["plan"][:stage_index]
        return same_start and {**found, "plan": None} == {**mine, "plan": None}


@dataclass(frozen=True)
class Machine:
    """A device, and how many parts of a batch are computed at once on a CPU."""

    device: str = "cpu"
    workers: int = 1
