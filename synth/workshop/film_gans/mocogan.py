"""MoCoGAN (Tulyakov et al. 2018, arXiv 1707.04993): what stays and what moves are drawn apart.

    content   z_C 50, normal, one for a film
    category  z_A, one of the kinds of films, as a vector of 0 and 1, one for a film
    motion    z_M 10 for each frame: a GRU (Cho et al. 2014) of 10 that is fed normal noise of 10
    picture   [z_C, z_A, z_M] -> transposed: kernel n / 16 (6 for the paper's 96 x 96), 512; then
              kernel 4, stride 2, padding 1: 256, 128, 64, 3, tanh; batch normalisation and leaky
              ReLU between
    picture critic   one frame -> 4 x 4, stride 2: 64, 128, 256, 1
    film critic      16 frames -> 4 x 4 x 4, stride 1 in time and 2 in space: 64, 128, 256, 1

Critics: leaky ReLU between, batch normalisation but in the first layer; a logit for each patch that
is left. The film critic also names the category, by a second last layer over all that is left:
of real films it learns it, and of drawn ones the generator is asked that it can be named (the
mutual information of section 3.3). Films of fewer than 13 frames lose less time in the critic.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synth.workshop.film_gans.blocks import SLOPE, begin_normal, judge
from synth.workshop.film_gans.film_gan import (
    Drawn,
    FilmGan,
    FilmSizes,
    FilmTensor,
    RealFilms,
    Starts,
)

CONTENT, MOTION = 50, 10
PICTURE, CRITIC = (512, 256, 128, 64), (64, 128, 256)
#: From so many frames on each layer of the film critic looks at four, and takes three away.
LONG_FRAMES = 13


class MocoGenerator(nn.Module):
    """Content [film, 50], categories [film] and noise [film, frame, 10] -> films."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        self.categories = sizes.categories
        self.motion = nn.GRUCell(MOTION, MOTION)
        px, channels = sizes.size_px >> len(PICTURE), sizes.scale(*PICTURE)
        code = CONTENT + sizes.categories + MOTION
        layers: list[nn.Module] = [nn.ConvTranspose2d(code, channels[0], px, bias=False)]
        for before, after in zip(channels, (*channels[1:], 3), strict=True):
            layers += [nn.BatchNorm2d(before), nn.LeakyReLU(SLOPE)]
            layers.append(nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False))
        self.picture = nn.Sequential(*layers, nn.Tanh())
        begin_normal(self.picture)

    def move(self, first: Tensor, noise: Tensor) -> Tensor:
        """Noise [film, frame, 10] -> motion codes [film, frame, 10], from a first state."""
        state, codes = first, []
        for step in noise.unbind(1):
            state = self.motion(step, state)
            codes.append(state)
        return torch.stack(codes, 1)

    def forward(self, content: Tensor, categories: Tensor, motion: Tensor) -> FilmTensor:
        """-> [film, 3, frame, height, width] in [-1, 1]; motion: codes for each frame."""
        count, frames = motion.shape[:2]
        kind = F.one_hot(categories, self.categories).to(content.dtype)
        fixed = torch.cat([content, kind], 1)[:, None].expand(-1, frames, -1)
        code = torch.cat([fixed, motion], 2).flatten(0, 1)[..., None, None]
        return self.picture(code).unflatten(0, (count, frames)).transpose(1, 2)


class PictureCritic(nn.Module):
    """Pictures [batch, 3, n, n] -> logits of patches."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        channels = sizes.scale(*CRITIC)
        layers: list[nn.Module] = []
        for k, (before, after) in enumerate(zip((3, *channels), channels, strict=False)):
            layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=False))
            layers += [nn.BatchNorm2d(after)] if k else []
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, 2, 1, bias=False))
        begin_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """-> [batch, 1, m, m]."""
        return self.layers(pictures)


class MocoFilmCritic(nn.Module):
    """Films -> logits of patches, and logits of categories [film, category]."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        channels = sizes.scale(*CRITIC)
        kernel, pad = (4, 0) if sizes.frames >= LONG_FRAMES else (3, 1)
        layers: list[nn.Module] = []
        for k, (before, after) in enumerate(zip((3, *channels), channels, strict=False)):
            layers.append(
                nn.Conv3d(before, after, (kernel, 4, 4), (1, 2, 2), (pad, 1, 1), bias=False)
            )
            layers += [nn.BatchNorm3d(after)] if k else []
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers)
        self.judge = nn.Conv3d(channels[-1], 1, (kernel, 4, 4), (1, 2, 2), (pad, 1, 1), bias=False)
        frames = sizes.frames - 3 * len(channels) if kernel == 4 else sizes.frames
        self.name = nn.Linear(
            channels[-1] * frames * (sizes.size_px >> len(channels)) ** 2, sizes.categories
        )
        begin_normal(self)

    def forward(self, films: FilmTensor) -> tuple[Tensor, Tensor]:
        """-> [film, 1, t, m, m] and [film, category]."""
        x = self.layers(films)
        return self.judge(x), self.name(x.flatten(1))


class MocoGan(FilmGan):
    """A generator of content and motion, a critic of pictures and one of films."""

    method = "mocogan"

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__(sizes)
        self.generator = MocoGenerator(sizes)
        self.critics = nn.ModuleDict(
            {"picture": PictureCritic(sizes), "film": MocoFilmCritic(sizes)}
        )

    def draw(self, real: RealFilms) -> Drawn:
        """As many films as there are real ones, of random categories."""
        count = len(real.films)
        categories = torch.randint(self.sizes.categories, (count,), device=self.device)
        return Drawn(self.make_films_of(categories), categories)

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Tell real pictures and films from others, and name what real films are."""
        real_film, named = self.critics["film"](real.films)
        drawn_film, _ = self.critics["film"](drawn.films)
        loss = judge(real_film, True) + judge(drawn_film, False)
        loss = loss + judge(self.critics["picture"](pick_pictures(real.films)), True)
        loss = loss + judge(self.critics["picture"](pick_pictures(drawn.films)), False)
        return loss + F.cross_entropy(named, real.categories)

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Have pictures and films called real, and films named what they were asked for."""
        if drawn.categories is None:
            raise ValueError("needs the categories that films were asked for; got none")
        told, named = self.critics["film"](drawn.films)
        loss = judge(told, True)
        loss = loss + judge(self.critics["picture"](pick_pictures(drawn.films)), True)
        return loss + F.cross_entropy(named, drawn.categories)

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """All categories in turn."""
        return self.make_films_of(torch.arange(count, device=self.device) % self.sizes.categories)

    def make_films_of(self, categories: Tensor) -> FilmTensor:
        """Films of the categories [film] asked for."""
        count = len(categories)
        content = torch.randn(count, CONTENT, device=self.device)
        first = torch.randn(count, MOTION, device=self.device)
        noise = torch.randn(count, self.sizes.frames, MOTION, device=self.device)
        return self.generator(content, categories, self.generator.move(first, noise))


def pick_pictures(films: FilmTensor) -> Tensor:
    """One random frame of each film [film, 3, n, n]."""
    places = torch.randint(films.shape[2], (len(films),), device=films.device)
    return films[torch.arange(len(films), device=films.device), :, places]
