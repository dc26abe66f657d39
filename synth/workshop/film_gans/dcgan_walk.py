"""Still pictures of a DCGAN (Radford et al. 2016, arXiv 1511.06434), moved by a walk through z.

Layers, for 64 x 64 (`synth.generators.dcgan`; batch normalisation and ReLU between):

    z 100 -> linear, 4 x 4 x 512 -> transposed 4 x 4: 8 x 8 x 256, 16 x 16 x 128, 32 x 32 x 64, 64
    critic: 4 x 4 with stride 2: 32 x 32 x 64, 16 x 16 x 128, 8 x 8 x 256, 4 x 4 x 512, a logit

It knows frames only, nothing of time. A film leaves a random z along a great circle towards another
one, up to `REACH` radians, and comes back, as films of an emotion do: z(t) = cos(a) z0 + sin(a) z1,
a = REACH sin(pi t), so that all z of a film are as likely as z0.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.workshop.film_gans.blocks import judge
from synth.workshop.film_gans.film_gan import (
    Drawn,
    FilmGan,
    FilmSizes,
    FilmTensor,
    RealFilms,
    Starts,
)

Z_DIM, CHANNELS = 100, 64
REACH = 0.6
#: Pictures that a step takes of each film.
PICTURES = 4


class DcganWalk(FilmGan):
    """A generator and a critic of pictures."""

    method = "dcgan"

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__(sizes)
        config = DCGANConfig.of_size(sizes.size_px, Z_DIM, sizes.scale(CHANNELS)[0])
        self.generator, self.critics = DCGAN(config), DCGANCritic(config)

    def draw(self, real: RealFilms) -> Drawn:
        """As many pictures as a step takes of the real films."""
        z = torch.randn(PICTURES * len(real.films), Z_DIM, device=self.device)
        return Drawn(self._draw_pictures(z)[:, :, None])

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Tell frames from pictures."""
        films = real.films.repeat_interleave(PICTURES, 0)
        places = torch.randint(films.shape[2], (len(films),), device=self.device)
        frames = films[torch.arange(len(films), device=self.device), :, places]
        return judge(self.critics(frames), True) + judge(self.critics(drawn.films[:, :, 0]), False)

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Be called real."""
        return judge(self.critics(drawn.films[:, :, 0]), True)

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """Walks there and back."""
        first, aim = torch.randn(2, count, 1, Z_DIM, device=self.device)
        time = torch.linspace(0, math.pi, self.sizes.frames, device=self.device)
        angle = REACH * time.sin()[:, None]
        z = (angle.cos() * first + angle.sin() * aim).flatten(0, 1)
        return self._draw_pictures(z).unflatten(0, (count, -1)).transpose(1, 2)

    def _draw_pictures(self, z: Tensor) -> Tensor:
        return self.generator.synthesis(self.generator.mapping(z))
