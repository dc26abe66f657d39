"""The network's input: Fourier features, placed by the latent and by the user.

Features are waves over the plane (Karras et al. 2021, section 3.1): with frequency f_k in cycles a
picture width, phase p_k, and x in picture widths from the centre,

    a_k sin(2 pi (f_k M x + p_k)),    M = R(w) T(w) U.

U is the user's transform of the plane; R and T are a turn and a shift that row 0 of W+ says: with
(c, s, t_x, t_y) = A w + b, divided by |(c, s)|, R = [[c, -s], [s, c]] and T x = x - t. Waves that M
makes too fast for the sampling rate fade out (a_k). Nothing else reads row 0.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from synth.generators.layers import EqualizedLinear
from synth.generators.stylegan3.resampling import Signal
from synth.types import OneTransform, Transforms


class FourierInput(nn.Module):
    """Row 0 of W+ [batch, w_dim] -> feature maps [batch, channel, size, size]."""

    freqs: Tensor
    phases: Tensor

    def __init__(self, channels: int, w_dim: int, signal: Signal) -> None:
        super().__init__()
        self.signal = signal
        self.affine = EqualizedLinear(w_dim, 4)
        with torch.no_grad():
            self.affine.weight.zero_()
            self.affine.bias.copy_(torch.tensor([1.0, 0, 0, 0]))
        self.weight = nn.Parameter(torch.randn(channels, channels))
        # Frequencies spread evenly over the disc of the band.
        angle, radius = 2 * math.pi * torch.rand(channels), torch.rand(channels).sqrt()
        waves = torch.stack([angle.cos(), angle.sin()], 1) * radius[:, None] * signal.cutoff
        self.register_buffer("freqs", waves)
        self.register_buffer("phases", torch.rand(channels) - 0.5)

    def forward(
        self, w: Float[Tensor, "batch w_dim"], transform: Transforms | OneTransform | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Sample the waves at the centres of the pixels, then mix channels. `transform` is U."""
        place = self.find_placement(w)
        if transform is not None:
            place = place @ transform.to(place)
        freqs = self.freqs @ place[:, :2, :2]
        phases = self.phases + (self.freqs @ place[:, :2, 2:])[:, :, 0]
        line = (torch.arange(self.signal.size, device=w.device) + 0.5) - self.signal.size / 2
        line = line / self.signal.rate
        turns = freqs[:, :, :1] * line + phases[:, :, None]
        turns = turns[:, :, None, :] + freqs[:, :, 1:, None] * line[:, None]
        x = torch.sin(2 * math.pi * turns) * self.find_amplitudes(freqs)[:, :, None, None]
        mixing = self.weight / math.sqrt(self.weight.shape[1])
        return torch.einsum("oc,bchw->bohw", mixing, x)

    def find_amplitudes(self, freqs: Float[Tensor, "batch channel 2"]) -> Tensor:
        """1 up to the cutoff, falling to 0 at half the sampling rate [batch, channel]."""
        beyond = freqs.norm(dim=2) - self.signal.cutoff
        return (1 - beyond / (self.signal.rate / 2 - self.signal.cutoff)).clamp(0, 1)

    def find_placement(self, w: Float[Tensor, "batch w_dim"]) -> Float[Tensor, "batch 3 3"]:
        """R(w) T(w) of every sample."""
        said = self.affine(w)
        cos, sin, right, down = (said / said[:, :2].norm(dim=1, keepdim=True)).unbind(1)
        zero, one = torch.zeros_like(cos), torch.ones_like(cos)
        turn = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], 1)
        shift = torch.stack([one, zero, -right, zero, one, -down, zero, zero, one], 1)
        return turn.reshape(-1, 3, 3) @ shift.reshape(-1, 3, 3)
