"""What an inversion hands out: the latents it found, how it went, and each step as it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from embed.inversion.objective import Pictures, Terms
from embed.networks.vgg16 import reduce_images
from synth.resizing import resize_frames
from synth.types import Frames, WPlus, to_frames

Curve = Float[np.ndarray, "step batch"]
PerImage = Float[np.ndarray, " batch"]


@dataclass(frozen=True, eq=False)
class InversionStep:
    """One step as it happens; nothing in it is kept by the inversion.

    step: from 1; progress in [0, 1]; losses, best: [batch], NaN for images that rest and infinity
    before a first look at the final resolution; images: what was drawn in this step, at
    `resolution`, of the images number `images_at` only.
    """

    step: int
    progress: float
    elapsed_s: float | int
    resolution: int
    losses: PerImage
    best: PerImage
    images_at: Int[np.ndarray, " active"]
    images: Pictures

    def draw_frames(self, size_px: int) -> Frames:
        """This step's pictures as uint8 frames [active, size, size, 3], for a video of it all."""
        small = reduce_images(self.images, size_px)
        return resize_frames(to_frames(torch.nan_to_num(small)), size_px)


Watch = Callable[[InversionStep], None]


@dataclass(frozen=True, eq=False)
class Inversion:
    """The best that was found of each image, on the CPU.

    w_plus: [batch, layer, w_dim]; z: [batch, z_dim] where that space was searched.
    losses, perceptual, pixel: [batch] of w_plus at the final resolution; start_losses: of the
        start. Of an image in `failed`, whose loss was never finite, w_plus is the start.
    curve: [step, batch] total loss of each step at the resolution of `resolutions` [step], NaN
        while an image rested.
    ended: 'steps', 'budget', 'plateau' or 'non-finite'.
    noise_maps: per layer [batch, 1, N, N], where they were optimised.
    """

    w_plus: WPlus
    losses: PerImage
    perceptual: PerImage
    pixel: PerImage
    start_losses: PerImage
    failed: Bool[np.ndarray, " batch"]
    curve: Curve
    resolutions: Int[np.ndarray, " step"]
    seconds: float | int
    ended: str
    z: Float[Tensor, "batch z_dim"] | None = None
    noise_maps: tuple[Tensor, ...] | None = None

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.curve)


class BestFound:
    """Per image the smallest loss so far and the variables that gave it."""

    def __init__(self, variables: Sequence[Tensor]) -> None:
        batch, device = len(variables[0]), variables[0].device
        self.loss = torch.full((batch,), torch.inf, device=device)
        self.perceptual, self.pixel = self.loss.clone(), self.loss.clone()
        self.variables = [variable.clone() for variable in variables]

    def offer(self, images_at: Tensor, terms: Terms, variables: Sequence[Tensor]) -> None:
        """Keep what is better; `variables` [active, ...] belong to the images number images_at."""
        total = terms.total.detach()
        better = torch.isfinite(total) & (total < self.loss[images_at])
        chosen = images_at[better]
        self.loss[chosen] = total[better]
        self.perceptual[chosen] = terms.perceptual.detach()[better]
        self.pixel[chosen] = terms.pixel.detach()[better]
        for kept, variable in zip(self.variables, variables, strict=True):
            kept[chosen] = variable.detach()[better]

    def forget_losses(self) -> None:
        """Losses so far are no longer comparable; the variables stay until there are new ones."""
        self.loss.fill_(torch.inf)


def join_inversions(parts: Sequence[Inversion]) -> Inversion:
    """One record of inversions that ran after one another; shorter curves end in NaN."""
    longest = max(range(len(parts)), key=lambda k: parts[k].steps)
    curves = [
        np.pad(part.curve, ((0, parts[longest].steps - part.steps), (0, 0)), constant_values=np.nan)
        for part in parts
    ]
    latents = [part.z for part in parts if part.z is not None]
    maps = [part.noise_maps for part in parts if part.noise_maps is not None]
    return Inversion(
        w_plus=torch.cat([part.w_plus for part in parts]),
        losses=np.concatenate([part.losses for part in parts]),
        perceptual=np.concatenate([part.perceptual for part in parts]),
        pixel=np.concatenate([part.pixel for part in parts]),
        start_losses=np.concatenate([part.start_losses for part in parts]),
        failed=np.concatenate([part.failed for part in parts]),
        curve=np.concatenate(curves, 1),
        resolutions=parts[longest].resolutions,
        seconds=sum(part.seconds for part in parts),
        ended=parts[-1].ended,
        z=torch.cat(latents) if latents else None,
        noise_maps=tuple(torch.cat(layer) for layer in zip(*maps, strict=True)) if maps else None,
    )
