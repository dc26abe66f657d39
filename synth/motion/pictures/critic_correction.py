"""Critic correction: each frame takes a few small steps up the score of the GAN's critic.

In: drawn frames, or latents with the generator that draws them. Out: the same, a little more real
in the critic's eyes. A step goes along the gradient and is `size` long in root mean square (of
pictures in [-1, 1], or of latents in their own numbers); where the score would fall it is halved,
and left out after a few halvings. So the score never falls, and nothing moves by more than
steps * size in root mean square. Each frame is judged alone, whatever the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from synth.devices import find_device
from synth.generators.capabilities import TrainableGenerator
from synth.generators.loading import load_discriminator
from synth.motion.paths import LatentPath
from synth.types import Frames, Times, WPlus, to_frames, to_images

PLACES = ("pictures", "latents")
_HALVINGS = 4

#: One thing [1, ...] -> its score.
Score = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CriticCorrection:
    """How frames are corrected.

    critic: a file with a critic, such as what scripts.train_still_gan wrote; None: no correction.
    place: 'pictures', as in the article, or 'latents'. steps: of `size` each.
    Raises ValueError for settings that make no sense.
    """

    critic: str | None = None
    place: str = "pictures"
    steps: int = 5
    size: float = 0.02

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise ValueError(f"needs place among {', '.join(PLACES)}; got {self.place!r}")
        if not 1 <= self.steps <= 1000 or not 0 < self.size <= 1:
            raise ValueError(
                "needs 1 to 1000 steps of a size above 0, up to 1; got "
                f"{self.steps} and {self.size:g}; try 5 and 0.02"
            )

    def load_critic(self) -> nn.Module | None:
        """The critic, where there is one. Raises CheckpointError or OSError naming the file."""
        return None if self.critic is None else load_discriminator(self.critic)

    def climb(self, start: Tensor, score: Score) -> Tensor:
        """Up the score from each of `start` [batch, ...], one by one."""
        return torch.cat([self._climb_one(one[None], score) for one in start])

    def _climb_one(self, x: Tensor, score: Score) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            x = x.detach().clone()
            height, slope = _measure(x, score)
            for _ in range(self.steps):
                length = float(slope.square().mean().sqrt())
                if not 0 < length < float("inf"):
                    break
                found = self._step(x, slope / length, height, score)
                if found is None:
                    break
                x, height, slope = found
        return x

    def _step(
        self, x: Tensor, way: Tensor, height: float, score: Score
    ) -> tuple[Tensor, float, Tensor] | None:
        """Where a step leads, its score and slope; None where no step leads up."""
        for halving in range(_HALVINGS + 1):
            there = x + self.size * 0.5**halving * way
            new_height, slope = _measure(there, score)
            if new_height > height:
                return there, new_height, slope
        return None


@dataclass(frozen=True, eq=False)
class CorrectedFrames:
    """A FrameStage: frames [frame, n, n, 3] of the critic's size, corrected as pictures."""

    critic: nn.Module
    correction: CriticCorrection

    def __call__(self, frames: Frames, times_s: Times) -> Frames:
        """Uint8 in, uint8 out."""
        with torch.inference_mode(False):
            images = to_images(frames).to(find_device(self.critic))
        return to_frames(self.correction.climb(images, lambda x: self.critic(x).sum()))


@dataclass(frozen=True, eq=False)
class CorrectedPath:
    """A LatentPath whose W+ are corrected, by what the generator draws of them."""

    path: LatentPath
    generator: TrainableGenerator
    critic: nn.Module
    correction: CriticCorrection

    @property
    def duration_s(self) -> float:
        """As the path."""
        return self.path.duration_s

    @property
    def closed(self) -> bool:
        """As the path."""
        return self.path.closed

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]."""
        rows = self.path(times_s)
        device = find_device(self.generator)
        critic = self.critic.to(device)
        corrected = self.correction.climb(
            rows.to(device), lambda x: critic(self.generator.synthesis(x)).sum()
        )
        return corrected.to(rows)


def check_critic(critic: nn.Module, resolution: int) -> None:
    """Raise ValueError for a critic of pictures of another size."""
    size = getattr(getattr(critic, "config", None), "resolution", resolution)
    if size != resolution:
        raise ValueError(
            f"needs a critic of {resolution}x{resolution} pixels; got one of {size}x{size}; "
            "try the one in the generator's own file"
        )


def _measure(x: Tensor, score: Score) -> tuple[float, Tensor]:
    """Score and slope."""
    free = x.detach().requires_grad_()
    height = score(free)
    (slope,) = torch.autograd.grad(height, free)
    return float(height.detach()), slope
