"""The next frame from the one before: pix2pix (Isola et al. 2017, arXiv 1611.07004) on neighbours.

As deliverable 3 of "GAN-based Photo Video Synthesis" uses it. Kernel 4 and stride 2 everywhere
(paper, section 6.1; numbers are channels, for 256 x 256):

    U-Net down   64 - 128 - 256 - 512 - 512 - 512 - 512 - 512   leaky ReLU 0.2, to 1 x 1
    U-Net up     512 - 512 - 512 - 512 - 256 - 128 - 64 - 3     ReLU, dropout 0.5 in the first three
    PatchGAN     64 - 128 - 256 - 512 - 1 on both frames; the last two with stride 1: 70 x 70 pixels

Each layer up also sees the layer down of its size. Normalised but for the first and the innermost
layer; the paper's batches are of one picture, so normalisation is by instance here. Smaller films
leave out inner layers, and halve the critic's patch: 34 pixels at 128, 16 at 64 and below, as in
the paper's table of patches. Losses: the conditional GAN's, and 100 times the mean absolute
difference. Dropout stays on when films are made: it is the only chance. Free running, a film is
one picture and what follows from it; fed, each frame follows from the true one before.
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
    need_starts,
)

DOWN = (64, 128, 256, 512, 512, 512, 512, 512)
DROPPED_LAYERS, DROPOUT, DIFFERENCE_WEIGHT = 3, 0.5, 100.0


class UNet(nn.Module):
    """A picture [batch, 3, n, n] -> a picture."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        # To 1 x 1, or 3 x 3; 512 pixels take one layer more of the innermost kind.
        depth = sizes.count_doublings(1)
        channels = sizes.scale(*(DOWN[min(k, len(DOWN) - 1)] for k in range(depth)))
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for k, (before, after) in enumerate(zip((3, *channels), channels, strict=False)):
            layers: list[nn.Module] = [nn.LeakyReLU(SLOPE)] if k else []
            plain = k in (0, depth - 1)
            layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=plain))
            self.down.append(nn.Sequential(*layers, *([] if plain else [_norm(after)])))
        for k in reversed(range(depth)):
            before = channels[k] * (1 if k == depth - 1 else 2)
            after = channels[k - 1] if k else 3
            up = nn.ConvTranspose2d(before, after, 4, 2, 1, bias=k == 0)
            self.up.append(nn.Sequential(nn.ReLU(), up, *([_norm(after)] if k else [])))
        begin_normal(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """[batch, 3, n, n] -> [batch, 3, n, n] in [-1, 1]; dropout is always on."""
        seen: list[Tensor] = []
        x = pictures
        for layer in self.down:
            x = layer(x)
            seen.append(x)
        for k, layer in enumerate(self.up):
            x = layer(x if k == 0 else torch.cat([x, seen[-1 - k]], 1))
            # Not in a layer next to the picture, where small networks have fewer than three.
            if k < min(DROPPED_LAYERS, len(self.up) - 2):
                x = F.dropout(x, DROPOUT, training=True)
        return torch.tanh(x)


class PatchCritic(nn.Module):
    """Two frames [batch, 6, n, n] -> a logit for each patch [batch, 1, m, m]."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        halvings = min(3, max(1, sizes.count_doublings(32)))
        channels = sizes.scale(*DOWN[: halvings + 1])
        layers: list[nn.Module] = []
        for k, (before, after) in enumerate(zip((6, *channels), channels, strict=False)):
            stride = 2 if k < halvings else 1
            layers.append(nn.Conv2d(before, after, 4, stride, 1, bias=k == 0))
            layers += [_norm(after)] if k else []
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, 1, 1))
        begin_normal(self)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Whether `after` may follow `before`."""
        return self.layers(torch.cat([before, after], 1))


class Pix2PixGan(FilmGan):
    """U-Net and PatchGAN on pairs of neighbouring frames."""

    method = "pix2pix"
    needs_start = True

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__(sizes)
        self.generator = UNet(sizes)
        self.critics = PatchCritic(sizes)

    def draw(self, real: RealFilms) -> Drawn:
        """One pair of each film, from anywhere in it: the true frame, and what may follow."""
        place = torch.randint(real.films.shape[2] - 1, (len(real.films),), device=self.device)
        rows = torch.arange(len(real.films), device=self.device)
        before, after = real.films[rows, :, place], real.films[rows, :, place + 1]
        return Drawn(torch.stack([before, after, self.generator(before)], 2))

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Tell true neighbours from predicted ones; halved, as in the paper (section 3.3)."""
        before, after, guess = drawn.films.unbind(2)
        told = judge(self.critics(before, after), True) + judge(self.critics(before, guess), False)
        return told / 2

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Be called a true neighbour, and be near it."""
        before, after, guess = drawn.films.unbind(2)
        return judge(self.critics(before, guess), True) + DIFFERENCE_WEIGHT * F.l1_loss(
            guess, after
        )

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """Free running: the pictures, and frame by frame what follows from what was predicted."""
        frames = [need_starts(starts, count, self.method)]
        while len(frames) < self.sizes.frames:
            frames.append(self.generator(frames[-1]))
        return torch.stack(frames, 2)

    def follow_films(self, films: FilmTensor) -> FilmTensor:
        """Fed with true frames: the first one, and what follows from each but the last."""
        guesses = [self.generator(frame) for frame in films.unbind(2)[:-1]]
        return torch.stack([films[:, :, 0], *guesses], 2)


def _norm(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)
