"""TGAN (Saito, Matsumoto and Saito 2017, arXiv 1611.06624): one latent for each frame, from one.

Kernel, stride, padding and channels of the paper's table 1, for 16 frames of 64 x 64:

    temporal generator   z0 100 -> 1D transposed: (1, 1, 0) 512, (4, 2, 1) 256, 128, 128, 100, tanh
    picture generator    linear of z0 and of z1 each to 4 x 4 x 256, joined
                         2D transposed: (4, 2, 1) 256, 128, 64, 32; (3, 1, 1) 3, tanh
    critic               3D convolutions (4, 2, 1) 64, 128, 256, 512; 2D (4, 1, 0) 1

Batch normalisation and ReLU in the generators, leaky ReLU in the critic, whose first layer is not
normalised. A Wasserstein GAN: RMSProp at 5e-5. The critic is kept nearly 1-Lipschitz by singular
value clipping (section 4), every fifth step: singular values of each weight as [out, rest] are cut
at 1; a normalisation's scale is kept within 0 and the deviation that it divides by, so that it
cannot stretch either. Other numbers of frames have other numbers of doublings in time; other sizes
begin at another first map.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from synth.workshop.film_gans.blocks import SLOPE
from synth.workshop.film_gans.film_gan import (
    Drawn,
    FilmGan,
    FilmSizes,
    FilmTensor,
    RealFilms,
    Starts,
)

Z_DIM = 100
TEMPORAL, PICTURE, CRITIC = (512, 256, 128, 128), (256, 128, 64, 32), (64, 128, 256, 512)
JOINED = 256
CLIP_EVERY = 5
#: The picture generator's weights begin evenly within this of 0 (section 6.1).
FIRST_RANGE = 0.01


class TemporalGenerator(nn.Module):
    """z0 [film, 100] -> z1 [film, frame, 100] in [-1, 1]."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        doublings = sizes.frames.bit_length() - 1
        wide = (*TEMPORAL, *TEMPORAL[-1:] * doublings)[:doublings]
        channels = (*sizes.scale(*wide), Z_DIM)
        layers: list[nn.Module] = [nn.ConvTranspose1d(Z_DIM, channels[0], 1)]
        for before, after in pairwise(channels):
            layers += [nn.BatchNorm1d(before), nn.ReLU()]
            layers.append(nn.ConvTranspose1d(before, after, 4, 2, 1))
        self.layers = nn.Sequential(*layers, nn.Tanh())
        _begin_he(self)

    def forward(self, z: Tensor) -> Tensor:
        """One latent for each frame."""
        return self.layers(z[:, :, None]).transpose(1, 2)


class PictureGenerator(nn.Module):
    """z0 [film, 100] and z1 [film, frame, 100] -> films."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        px = sizes.size_px >> len(PICTURE)
        (joined,), channels = sizes.scale(JOINED), sizes.scale(*PICTURE)
        self.first = (joined, px, px)
        self.slow, self.fast = (nn.Linear(Z_DIM, joined * px * px) for _ in range(2))
        self.slow_norm, self.fast_norm = (nn.BatchNorm2d(joined) for _ in range(2))
        layers: list[nn.Module] = []
        for before, after in zip((2 * joined, *channels), channels, strict=False):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(
            *layers, nn.ConvTranspose2d(channels[-1], 3, 3, 1, 1), nn.Tanh()
        )
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.ConvTranspose2d):
                nn.init.uniform_(module.weight, -FIRST_RANGE, FIRST_RANGE)

    def forward(self, slow: Tensor, fast: Tensor) -> FilmTensor:
        """Frames of one film share the slow latent."""
        count, frames = fast.shape[:2]
        still = self.slow_norm(self.slow(slow).unflatten(1, self.first)).relu()
        still = still.repeat_interleave(frames, 0)
        moving = self.fast_norm(self.fast(fast.flatten(0, 1)).unflatten(1, self.first)).relu()
        pictures = self.layers(torch.cat([still, moving], 1))
        return pictures.unflatten(0, (count, frames)).transpose(1, 2)


class TganCritic(nn.Module):
    """Films -> one number each [film, 1], higher for real ones."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        channels = sizes.scale(*CRITIC)
        frames, px = max(1, sizes.frames >> 4), sizes.size_px >> 4
        layers: list[nn.Module] = []
        for k, (before, after) in enumerate(zip((3, *channels), channels, strict=False)):
            # Fewer than 16 frames cannot be halved four times.
            in_time = sizes.frames >> k > 1
            kernel, stride = (4, 2) if in_time else (3, 1)
            layers.append(nn.Conv3d(before, after, (kernel, 4, 4), (stride, 2, 2), 1))
            layers += [nn.BatchNorm3d(after)] if k else []
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers)
        # A convolution over the whole map.
        self.judge = nn.Linear(channels[-1] * frames * px * px, 1)
        _begin_he(self)

    def forward(self, films: FilmTensor) -> Tensor:
        """-> [film, 1]."""
        return self.judge(self.layers(films).flatten(1))


class TwoGenerators(nn.Module):
    """z0 [film, 100] -> films."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        self.temporal, self.picture = TemporalGenerator(sizes), PictureGenerator(sizes)

    def forward(self, z: Tensor) -> FilmTensor:
        """[film, 100] -> [film, 3, frame, height, width] in [-1, 1]."""
        return self.picture(z, self.temporal(z))


class TganGan(FilmGan):
    """Two generators and a clipped critic."""

    method = "tgan"
    rate = 5e-5

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__(sizes)
        self.generator, self.critics = TwoGenerators(sizes), TganCritic(sizes)

    def draw(self, real: RealFilms) -> Drawn:
        """As many films as there are real ones."""
        return Drawn(self.make_films(len(real.films)))

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """The negative of the estimated Wasserstein distance."""
        return self.critics(drawn.films).mean() - self.critics(real.films).mean()

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Be valued by the critic."""
        return -self.critics(drawn.films).mean()

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """Films of z0 evenly within -1 and 1."""
        return self.generator(2 * torch.rand(count, Z_DIM, device=self.device) - 1)

    def make_optimizers(self, rate: float | None = None) -> list[torch.optim.Optimizer]:
        """RMSProp for both."""
        return [
            torch.optim.RMSprop(part.parameters(), lr=rate or self.rate)
            for part in (self.generator, self.critics)
        ]

    def keep_bounds(self, step: int) -> None:
        """Clip singular values in the first and every fifth step."""
        if step % CLIP_EVERY == 0:
            clip_singular_values(self.critics)


@torch.no_grad()
def clip_singular_values(network: nn.Module) -> None:
    """Cut what stretches: see the module."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            module.weight.copy_(clip_matrix(module.weight.flatten(1)).view_as(module.weight))
        elif isinstance(module, nn.BatchNorm3d) and module.running_var is not None:
            deviation = (module.running_var + module.eps).sqrt()
            module.weight.copy_(module.weight.clamp(min=0).minimum(deviation))


def clip_matrix(matrix: Float[Tensor, "out rest"]) -> Float[Tensor, "out rest"]:
    """The matrix with all singular values above 1 set to 1."""
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    return (left * values.clamp(max=1)) @ right


def _begin_he(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            nn.init.kaiming_normal_(module.weight)
