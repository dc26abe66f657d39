"""What an inversion minimises: equations 1 and 2 of the thesis, per image, at any resolution.

In: W+ and target pictures in [-1, 1]. Out, for each image,

    perceptual_weight * L_percept(G(w), I) + pixel_weight / N |G(w) - I|^2      (equation 1)

plus what keeps the latent editable (distance to the mean, spread of rows), near an anchor where
there is one, and noise maps noisy.
A picture of lower resolution is the generator's RGB summed up so far, plus a residual: what the
layers above added to it, area-averaged, when they were last looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from embed.inversion.latent_spaces import WStatistics
from embed.inversion.noise_maps import measure_correlation
from embed.inversion.settings import InversionSettings
from embed.networks.perceptual import PerceptualLoss
from embed.networks.vgg16 import reduce_images
from synth.generators.acceleration import has_fast_bfloat16
from synth.generators.base import Generator, NoiseMode
from synth.generators.capabilities import find_capabilities
from synth.types import Images, WPlus

Losses = Float[Tensor, " batch"]
#: Other names than the input's: fewer images, or another size.
Pictures = Float[Tensor, "picture 3 size size"]


@dataclass(frozen=True, eq=False)
class Terms:
    """Losses per image [batch], with gradients, and the pictures they are of."""

    total: Losses
    perceptual: Losses
    pixel: Losses
    images: Images


class Objective:
    """Losses against fixed targets, whose reductions and features are computed once."""

    def __init__(
        self,
        generator: Generator,
        targets: Images,
        perceptual: PerceptualLoss,
        settings: InversionSettings,
        statistics: WStatistics,
        anchor: WPlus | None = None,
    ) -> None:
        self.generator = generator
        self.targets = targets
        self._perceptual = perceptual
        self._settings = settings
        self._statistics = statistics
        self._anchor = None if anchor is None else statistics.find_coordinates(anchor)
        self._seen: dict[int, tuple[Tensor, list[Tensor]]] = {}

    def see_targets(self, resolution: int) -> tuple[Tensor, list[Tensor]]:
        """The targets reduced to at most that resolution, and their features."""
        if resolution not in self._seen:
            with torch.no_grad():
                pictures = reduce_images(self.targets, resolution)
                self._seen[resolution] = (pictures, self._perceptual.describe(pictures))
        return self._seen[resolution]

    def measure(
        self,
        w_plus: WPlus,
        maps: Sequence[Tensor] | None,
        images_at: Int[Tensor, " batch"],
        resolution: int,
        residual: Pictures | None = None,
    ) -> Terms:
        """Terms of W+ [batch, ...] of the targets number `images_at`, at that resolution.

        residual: of all targets, added to what the generator draws at this resolution.
        """
        images = draw_pictures(self.generator, w_plus, resolution, self._settings.noise, maps)
        if residual is not None:
            images = images + residual[images_at]
        perceptual, pixel = self.compare(images, images_at, resolution)
        settings = self._settings
        total = settings.perceptual_weight * perceptual + settings.pixel_weight * pixel
        total = total + self._find_penalties(w_plus, images_at)
        if maps is not None:
            total = total + settings.noise_weight * measure_correlation(maps)
        return Terms(total, perceptual, pixel, images)

    def _find_penalties(self, w_plus: Tensor, images_at: Tensor) -> Tensor:
        """What distance to the mean, spread of rows and distance to the anchor cost each image."""
        v = self._statistics.find_coordinates(w_plus)
        spread = v - v.mean(1, keepdim=True)
        cost = self._settings.distance_weight * v.square().mean((1, 2))
        cost = cost + self._settings.row_weight * spread.square().mean((1, 2))
        if self._anchor is not None:
            gap = v - self._anchor[images_at]
            cost = cost + self._settings.anchor_weight * gap.square().mean((1, 2))
        return cost

    def compare(
        self, images: Pictures, images_at: Int[Tensor, " picture"], resolution: int
    ) -> tuple[Float[Tensor, " picture"], Float[Tensor, " picture"]]:
        """Perceptual distance and mean square of pictures and the targets number `images_at`."""
        pictures, features = self.see_targets(resolution)
        images = reduce_images(images, pictures.shape[-1])
        perceptual = torch.zeros(len(images), device=images.device)
        if self._settings.perceptual_weight:
            theirs = [x[images_at] for x in features]
            perceptual = self._perceptual.compare(self._perceptual.describe(images), theirs)
        pixel = (images - pictures[images_at]).square().mean((1, 2, 3))
        return perceptual, pixel


def draw_pictures(
    generator: Generator,
    w_plus: WPlus,
    resolution: int,
    noise: str = "const",
    maps: Sequence[Tensor] | None = None,
) -> Pictures:
    """W+ -> pictures at that resolution; layers above are not computed where that can be.

    maps: noise maps of these images in place of the generator's own, where it has any.
    """
    mode: NoiseMode = "none" if noise == "none" else "const"
    draw: Any = generator.synthesis
    if maps is not None:
        return draw(w_plus, resolution=resolution, noise_maps=maps)
    if resolution in find_capabilities(generator).resolutions:
        return draw(w_plus, noise_mode=mode, resolution=resolution)
    return reduce_images(draw(w_plus, noise_mode=mode), resolution)


def choose_stage_dtype(precision: str, is_last: bool, device: torch.device) -> torch.dtype:
    """The feature maps' type: bf16 if asked for, or on 'auto' where it is fast and not last."""
    if precision != "auto":
        return torch.bfloat16 if precision == "bf16" else torch.float32
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported()
    else:
        fast = device.type == "cpu" and has_fast_bfloat16()
    return torch.bfloat16 if fast and not is_last else torch.float32


@contextmanager
def computing_in(generator: Generator, dtype: torch.dtype) -> Iterator[None]:
    """Let a generator that can compute in `dtype` for a while; others keep their own type."""
    if dtype not in find_capabilities(generator).compute_types:
        yield
        return
    network: Any = generator
    before = network.dtype
    network.dtype = dtype
    try:
        yield
    finally:
        network.dtype = before


def check_targets(targets: Tensor, generator: Generator) -> None:
    """Raise ValueError unless these are finite pictures that the generator's can be compared to.

    They are square; their side and the generator's resolution divide one another.
    """
    wanted = f"needs target pictures [batch, 3, n, n] in [-1, 1], {generator.resolution} pixels"
    if targets.ndim != 4 or targets.shape[1] != 3 or not len(targets):
        raise ValueError(f"{wanted} a side; got {list(targets.shape)}")
    height, width = targets.shape[2:]
    larger, smaller = max(width, generator.resolution), min(width, generator.resolution)
    if height != width or not smaller or larger % smaller:
        raise ValueError(
            f"{wanted} or a whole multiple or part of it; got {height}x{width}; "
            f"try resizing them to {generator.resolution}x{generator.resolution}"
        )
    if not torch.isfinite(targets).all():
        raise ValueError("needs finite target pictures; got NaN or infinity among the pixels")
    largest = float(targets.abs().max())
    if largest > 2:
        raise ValueError(
            f"needs target pictures in [-1, 1]; got values up to {largest:.3g}; "
            "try synth.types.to_images on uint8 frames"
        )
