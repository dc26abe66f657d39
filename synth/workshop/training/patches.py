"""Patches of generated pictures, to train the last layers without drawing whole pictures.

The trunk (all layers up to a resolution) runs once without gradients; from its feature maps a
window round a patch of each sample is cut and only that goes through the later layers. They see
zeros beyond the window's edge, so it is wider than the patch, but where the picture itself ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.generators.synthesis import NoiseSource, SynthesisNetwork
from synth.types import WPlus

#: Pixels at the trunk's resolution that a window is wider on each side: no edge reaches farther.
MARGIN = 4


@dataclass(frozen=True)
class Patches:
    """Where patches lie: corners [sample, 2] (y, x) and side, in pixels of the trunk's pictures."""

    corners: np.ndarray
    side: int

    def cut(self, pictures: Tensor, scale: int) -> Tensor:
        """[sample, channel, n, n] -> [sample, channel, m, m]; scale: pixels per pixel of trunk."""
        side = self.side * scale
        parts = []
        for picture, (y, x) in zip(pictures, self.corners * scale, strict=True):
            parts.append(picture[:, y : y + side, x : x + side])
        return torch.stack(parts)

    def widen(self, resolution: int) -> Patches:
        """The windows round the patches, all within the picture."""
        side = self.side + 2 * MARGIN
        return Patches(np.clip(self.corners - MARGIN, 0, resolution - side), side)


def draw_patches(random: np.random.Generator, count: int, side: int, resolution: int) -> Patches:
    """Random patches; more of them along the edges, whose pixels few patches would cover."""
    beyond = side // 4
    corners = random.integers(-beyond, resolution - side + beyond + 1, (count, 2))
    return Patches(corners.clip(0, resolution - side), side)


def synthesize_patches(
    synthesis: SynthesisNetwork, w_plus: WPlus, patches: Patches, trunk: int, stop: int
) -> Tensor:
    """Patches [sample, 3, side * stop / trunk, ...] with gradients for the layers after `trunk`."""
    noise = NoiseSource("none", None, len(w_plus))
    windows = patches.widen(trunk)
    with torch.no_grad():
        x, image = synthesis.run_blocks(w_plus, noise, None, None, 4, trunk)
        x = windows.cut(x, 1).contiguous(memory_format=torch.channels_last)
        image = windows.cut(image, 1)
    _, image = synthesis.run_blocks(w_plus, noise, x, image, 2 * trunk, stop)
    return Patches(patches.corners - windows.corners, patches.side).cut(image, stop // trunk)
