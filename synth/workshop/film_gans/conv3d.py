"""Films from 3D convolutions: the GAN of deliverable 2 of "GAN-based Photo Video Synthesis" (2019).

    z 100 -> linear, 1 x 8 x 8 x 128
    four transposed 3D convolutions, stride 2, leaky ReLU -> 8 x 128 x 128
    one more 3D convolution to 3 colours, tanh
    critic: four 3D convolutions, kernel 4, stride 2; binary cross entropy

The report gives the shapes. Ours: 128, 128, 64, 32 channels and kernel 4; batch normalisation in
both, and dropout in the critic, are those of its deliverable 1. Space is doubled four times, time
three times (1 to 8), so the last layer leaves time alone. The critic has 64, 128, 256, 512
channels. Films of n x n pixels begin at n / 16, those of more than 16 frames with more than one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synth.workshop.film_gans.blocks import (
    SLOPE,
    DoublingConvolution3d,
    FilmCritic3d,
    begin_normal,
    judge,
)
from synth.workshop.film_gans.film_gan import (
    Drawn,
    FilmGan,
    FilmSizes,
    FilmTensor,
    RealFilms,
    Starts,
)

Z_DIM = 100
FIRST, CHANNELS, CRITIC = 128, (128, 128, 64, 32), (64, 128, 256, 512)


class Conv3dGenerator(nn.Module):
    """z [film, 100] -> films."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        doublings = len(CHANNELS)
        frames = max(1, sizes.frames >> doublings)
        in_time = (sizes.frames // frames).bit_length() - 1
        px = sizes.size_px >> doublings
        (first,), channels = sizes.scale(FIRST), sizes.scale(*CHANNELS)
        self.first = (first, frames, px, px)
        self.project = nn.Linear(Z_DIM, first * frames * px * px)
        layers: list[nn.Module] = []
        for k, (before, after) in enumerate(zip((first, *channels), channels, strict=False)):
            layers.append(DoublingConvolution3d(before, after, k < in_time))
            layers += [nn.BatchNorm3d(after), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.colour = nn.Conv3d(channels[-1], 3, 3, padding=1)
        begin_normal(self)

    def forward(self, z: Tensor) -> FilmTensor:
        """[film, 100] -> [film, 3, frame, height, width] in [-1, 1]."""
        return torch.tanh(self.colour(self.layers(self.project(z).unflatten(1, self.first))))


class Conv3dGan(FilmGan):
    """One generator and one critic, both of 3D convolutions."""

    method = "conv3d"

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__(sizes)
        self.generator = Conv3dGenerator(sizes)
        self.critics = FilmCritic3d((sizes.frames, sizes.size_px), sizes.scale(*CRITIC))

    def draw(self, real: RealFilms) -> Drawn:
        """As many films as there are real ones."""
        return Drawn(self.make_films(len(real.films)))

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Tell real films from others."""
        return judge(self.critics(real.films), True) + judge(self.critics(drawn.films), False)

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Be called real."""
        return judge(self.critics(drawn.films), True)

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """Films of random z."""
        return self.generator(torch.randn(count, Z_DIM, device=self.device))
