"""Patches of generated pictures, to train the last layers without drawing whole pictures.

The trunk (all layers up to a resolution) runs once without gradients; from its feature maps a
patch of each sample is cut and only that goes through the later layers. Convolutions see zeros
beyond a patch's edge, so a margin is drawn and thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synth.generators.synthesis import NoiseSource, SynthesisNetwork
from synth.types import WPlus

#: Pixels at the trunk's resolution; beyond, the edge of the patch does not reach.
MARGIN = 4


@dataclass(frozen=True)
class Patches:
    """Where patches lie: corners [sample, 2] (y, x) and side, in pixels of the trunk's pictures."""

    corners: np.ndarray
    side: int

    def cut(self, pictures: Tensor, scale: int, margin: int = 0) -> Tensor:
        """[sample, channel, n, n] -> [sample, channel, m, m]; scale: pixels per pixel of trunk."""
        side = (self.side + 2 * margin) * scale
        parts = []
        for picture, (y, x) in zip(pictures, (self.corners - margin) * scale, strict=True):
            parts.append(picture[:, y : y + side, x : x + side])
        return torch.stack(parts)


def draw_patches(random: np.random.Generator, count: int, side: int, resolution: int) -> Patches:
    """Random patches that leave room for the margin."""
    corners = random.integers(MARGIN, resolution - side - MARGIN + 1, (count, 2))
    return Patches(corners, side)


def synthesize_patches(
    synthesis: SynthesisNetwork, w_plus: WPlus, patches: Patches, trunk: int, stop: int
) -> Tensor:
    """Patches [sample, 3, side * stop / trunk, ...] with gradients for the layers after `trunk`."""
    noise = NoiseSource("none", None, len(w_plus))
    with torch.no_grad():
        x, image = synthesis.run_blocks(w_plus, noise, None, None, 4, trunk)
        x = patches.cut(x, 1, MARGIN).contiguous(memory_format=torch.channels_last)
        image = patches.cut(image, 1, MARGIN)
    _, image = synthesis.run_blocks(w_plus, noise, x, image, 2 * trunk, stop)
    edge = MARGIN * stop // trunk
    return image[..., edge:-edge, edge:-edge]
