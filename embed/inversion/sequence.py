"""Frames of one person -> latents that move smoothly: each frame begins where the last one ended.

In: aligned pictures, one after the other. Out: an `Inversion` of each. The first frame is inverted
as a photo is; every other starts at the latents of the frame before, with fewer steps, and pays
`anchor_weight` for going away from them: the smoothness term, so that frames alike have latents
alike.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from embed.inversion.invert import InversionAids, Start, invert
from embed.inversion.latent_spaces import WStatistics, measure_w
from embed.inversion.result import Inversion
from embed.inversion.settings import InversionSettings
from embed.networks.perceptual import PerceptualLoss
from synth.faces.latents import check_w_plus
from synth.generators.base import Generator
from synth.types import Images, WPlus

#: Steps of a frame that begins where the one before ended.
NEXT_STEPS = 60


class SequenceInverter:
    """Inverts one frame after the other; the generator, loss and statistics stay the same.

    first: settings of the first frame; later: of the others, None for NEXT_STEPS of the same.
    Raises ValueError for the space z, whose frames could not be held together in W+.
    """

    def __init__(
        self,
        generator: Generator,
        perceptual: PerceptualLoss,
        first: InversionSettings,
        later: InversionSettings | None = None,
        start: Start = None,
        statistics: WStatistics | None = None,
    ) -> None:
        if first.space == "z":
            raise ValueError("needs space w_plus or w for the frames of a video; got z")
        self._generator, self._perceptual = generator, perceptual
        self._first, self._start = first, start
        self._next = later or replace(first, steps=NEXT_STEPS, budget_s=None)
        self._statistics = statistics or measure_w(generator)
        self._before: Tensor | None = None

    def go_on_from(self, w_plus: WPlus) -> None:
        """Take W+ [1, layer, w_dim] for the frame before; ValueError when it does not fit."""
        check_w_plus(w_plus, self._generator, "the frame before")
        if len(w_plus) != 1:
            raise ValueError(f"needs the W+ of one frame; got {len(w_plus)}")
        self._before = w_plus

    def invert_next(self, target: Images) -> Inversion:
        """The next frame's latents; `target` [1, 3, n, n] in [-1, 1].

        Raises ValueError for several frames at once, and as `embed.inversion.invert.invert` does.
        """
        if len(target) != 1:
            raise ValueError(f"needs one frame after the other; got {len(target)} at once")
        before = self._before
        found = invert(
            self._generator,
            target,
            self._perceptual,
            self._first if before is None else self._next,
            self._start if before is None else before,
            InversionAids(before, self._statistics),
        )
        if not found.failed[0]:
            self._before = found.w_plus
        return found
