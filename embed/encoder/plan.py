"""All that can be chosen about the training of a coarse encoder, in one frozen record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embed.encoder.networks import BACKBONES, WIDTHS
from synth.learning.fitting import FitPlan

STARTS = ("random", "imagenet")


@dataclass(frozen=True)
class EncoderPlan(FitPlan):
    """A `FitPlan` (steps, batch, rate, seed, ...) and what the network and its pictures are.

    backbone: 'compact' or 'resnet50'; start: of its weights, 'imagenet' for resnet50 only; widths:
        of the compact one, each of which halves the picture.
    picture_px: the side of the pictures that it looks at; resolution: up to which the generator's
        RGB is summed for them. Both powers of two, the first at most the second.
    psi_low, psi_high: truncation of the random faces, uniform between them.
    mixed: the chance that a face has the late rows of another; pushed: the chance that some of its
        rows go up to `push` standard deviations along a random direction.
    fresh: new pictures in every step's batch; the others are drawn from the last `pool` ones.
    changed: the share of a batch that is coloured, blurred, grained, compressed and moved, as
        strongly as `change` says (1 is plainly seen).
    compared: how many of a batch are drawn again from the guess and compared, at
        `pixel_weight` and `perceptual_weight`.
    held_out: faces that figures are counted on, half of them mixed and pushed.
    generator_sha256: filled in by the training, so that no run goes on with another generator.
    Raises ValueError naming the setting that makes no sense.
    """

    backbone: str = "compact"
    start: str = "random"
    widths: Sequence[int] = WIDTHS
    picture_px: int = 128
    resolution: int = 128
    psi_low: float | int = 0.5
    psi_high: float | int = 1.0
    mixed: float | int = 0.3
    pushed: float | int = 0.3
    push: float | int = 3.0
    fresh: int = 8
    pool: int = 2048
    changed: float | int = 0.5
    change: float | int = 0.4
    compared: int = 2
    pixel_weight: float | int = 1.0
    perceptual_weight: float | int = 1.0
    held_out: int = 64
    generator_sha256: str = ""

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ValueError(f"needs backbone among {', '.join(BACKBONES)}; got {self.backbone!r}")
        if self.start not in STARTS:
            raise ValueError(f"needs start among {', '.join(STARTS)}; got {self.start!r}")
        if self.start == "imagenet" and self.backbone != "resnet50":
            raise ValueError(f"needs backbone=resnet50 for start=imagenet; got {self.backbone}")
        for name in ("picture_px", "resolution"):
            size = getattr(self, name)
            if size < 32 or size & (size - 1):
                raise ValueError(f"needs {name} a power of two from 32 on; got {size}; try 128")
        if self.picture_px > self.resolution:
            raise ValueError(
                f"needs resolution of at least picture_px; got {self.resolution} and "
                f"{self.picture_px}; try resolution={self.picture_px}"
            )
        self._check_numbers()

    def _check_numbers(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(f"needs two or more widths above 0; got {list(self.widths)}")
        for name, least in (("steps", 1), ("batch", 2), ("held_out", 2), ("compared", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"needs {name} of at least {least}; got {getattr(self, name)}")
        if not 1 <= self.fresh <= self.batch or self.compared > self.batch:
            raise ValueError(
                f"needs fresh from 1 and compared from 0 to batch, {self.batch}; got {self.fresh} "
                f"and {self.compared}"
            )
        if self.pool < self.batch:
            raise ValueError(f"needs pool of at least batch, {self.batch}; got {self.pool}")
        for name in ("mixed", "pushed", "changed"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"needs {name} from 0 to 1; got {getattr(self, name)}")
        for name in ("rate", "push", "change", "pixel_weight", "perceptual_weight"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"needs {name} of at least 0; got {getattr(self, name)}")
        if not 0 <= self.psi_low <= self.psi_high <= 2:
            raise ValueError(
                f"needs psi_low and psi_high rising within 0 and 2; got {self.psi_low} and "
                f"{self.psi_high}"
            )
