"""Patches of generated pictures, to train the last layers without drawing whole pictures.

The trunk (all layers up to a resolution) runs once without gradients; from its feature maps a
window round a patch of each sample is cut and only that goes through the later layers. They see
zeros beyond the window's edge, so it is wider than the patch, but where the picture itself ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from synth.generators.synthesis import NoiseSource, SynthesisNetwork
from synth.types import WPlus
from synth.workshop.training.unrolled import synthesize_blocks

#: W+, maps and RGB so far, first and last resolution -> maps and RGB.
RunBlocks = Callable[..., tuple[Tensor, Tensor]]

#: Pixels at the trunk's resolution that a window is wider on each side: no edge reaches farther.
MARGIN = 3


@dataclass(frozen=True)
class Patches:
    """Where patches lie: corners [patch, 2] (y, x) and side, in pixels of the trunk's pictures.

    A picture has one patch or more; those of the first picture come first.
    """

    corners: np.ndarray
    side: int

    def cut(self, pictures: Tensor, scale: int) -> Tensor:
        """[sample, channel, n, n] -> [patch, channel, m, m]; scale: pixels per pixel of trunk."""
        side, each = self.side * scale, len(self.corners) // len(pictures)
        parts = [
            pictures[index // each, :, y : y + side, x : x + side]
            for index, (y, x) in enumerate(self.corners * scale)
        ]
        return torch.stack(parts)

    def take(self, places: slice) -> Patches:
        """Some of the patches."""
        return Patches(self.corners[places], self.side)

    def widen(self, resolution: int, margin: int = MARGIN) -> tuple[Patches, Patches]:
        """The windows round the patches, all within the picture, and where patches lie in them."""
        side = self.side + 2 * margin
        windows = Patches(np.clip(self.corners - margin, 0, resolution - side), side)
        return windows, Patches(self.corners - windows.corners, self.side)


def draw_patches(random: np.random.Generator, count: int, side: int, resolution: int) -> Patches:
    """Random patches; more of them along the edges, whose pixels few patches would cover."""
    beyond = side // 4
    corners = random.integers(-beyond, resolution - side + beyond + 1, (count, 2))
    return Patches(corners.clip(0, resolution - side), side)


def synthesize_patches(
    synthesis: SynthesisNetwork, w_plus: WPlus, patches: Patches, trunk: int, stop: int
) -> list[Tensor]:
    """Patches [patch, 3, side * n / trunk, ...] with gradients for the layers after `trunk`.

    Of the pictures of every size n that these layers make, `stop` last.
    """
    windows, places = patches.widen(trunk)
    run_blocks = _choose_blocks(synthesis, w_plus)
    with torch.no_grad():
        x, image = run_blocks(w_plus, None, None, 4, trunk)
        x = windows.cut(x, 1).contiguous(memory_format=torch.channels_last)
        image = windows.cut(image, 1)
    each = len(x) // len(w_plus)
    w_plus = w_plus.repeat_interleave(each, 0)
    pictures = []
    for size in (size for size in synthesis.config.resolutions if trunk < size <= stop):
        x, image = run_blocks(w_plus, x, image, size, size)
        pictures.append(places.cut(image, size // trunk))
    return pictures


def _choose_blocks(synthesis: SynthesisNetwork, w_plus: WPlus) -> RunBlocks:
    """What computes blocks fastest on the device of W+."""
    if not w_plus.is_cuda:
        return partial(synthesize_blocks, synthesis)

    def run_blocks(w_plus: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
        return synthesis.run_blocks(w_plus, NoiseSource("none", None, len(w_plus)), *rest)

    return run_blocks
