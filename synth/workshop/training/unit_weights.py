"""Weights whose size changes no picture are kept at one size, so that rates mean what they say.

A demodulated layer divides by the size of its kernels and styles (Karras et al. 2020, section 2.2):
what is learned is their direction. An optimizer makes them grow all the same, and a step of a fixed
size then turns them less and less: kernels had grown to 17 times their first size, and learned 17
times more slowly. So they are divided by their size after every step, as in 'forced weight
normalisation' (Karras et al. 2024, section 2.3); pictures stay the same.
"""

from __future__ import annotations

import torch

from synth.generators.layers import ModulatedConvolution
from synth.generators.synthesis import SynthesisNetwork


class UnitWeights:
    """The kernels and styles of one network's demodulated layers."""

    def __init__(self, synthesis: SynthesisNetwork) -> None:
        self._layers = [x for x in synthesis.modules() if isinstance(x, ModulatedConvolution)]

    @torch.no_grad()
    def divide(self) -> None:
        """Bring kernels to an RMS of 1 for each output, styles to what they were at first."""
        for layer in self._layers:
            size = layer.weight.square().mean((1, 2, 3), keepdim=True).sqrt()
            layer.weight.div_(size)
            weight, bias = layer.affine.weight, layer.affine.bias
            size = ((weight.square().mean() + bias.square().mean()) / 2).sqrt()
            weight.div_(size)
            bias.div_(size)
