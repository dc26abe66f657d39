"""Films from convolutional LSTMs: the GAN of deliverable 4 of "GAN-based Photo Video Synthesis".

    noise and a picture, combined -> 8 x 8 maps, the same for each of 16 frames
    five ConvLSTM layers (Shi et al. 2015, arXiv 1506.04214)
    transposed 3D convolutions that double space alone -> 16 x 128 x 128, 3 colours, tanh
    critic: five 3D convolutions, kernel 4, stride 2; binary cross entropy

The report gives inputs, numbers of layers and the shape of the result. Ours: noise of 100 through a
linear layer to 64 maps, the picture through strided convolutions of 64 channels to another 64;
ConvLSTMs of 128 channels, kernel 3, without peepholes; 128, 64, 32, 32 channels after; the critic
has 64, 128, 256, 512, 512, and dropout. Maps of films of 96 pixels are 6 x 6. In training the
picture is the first frame of a real film; that the film begins with it only the critic may ask.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
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
    need_starts,
)

Z_DIM, MAP_PX, INPUT, MEMORY, LAYERS = 100, 8, 64, 128, 5
GAIN, LEAST_CHANNELS, CRITIC = 2.5, 32, (64, 128, 256, 512, 512)


class ConvLSTM(nn.Module):
    """A layer over time: gates are convolutions of what comes in and what was remembered."""

    def __init__(self, before: int, memory: int) -> None:
        super().__init__()
        self.memory = memory
        self.gates = nn.Conv2d(before + memory, 4 * memory, 3, padding=1)
        # Layers halve what they show twice, by their gates: without this gain nothing of the noise
        # would be left after five. They begin by remembering.
        nn.init.normal_(self.gates.weight, std=GAIN / math.sqrt(9 * (before + memory)))
        remembering = torch.zeros(4 * memory)
        remembering[memory : 2 * memory] = 1
        self.gates.bias = nn.Parameter(remembering)

    def forward(
        self, x: Float[Tensor, "film before frame height width"]
    ) -> Float[Tensor, "film memory frame height width"]:
        """[film, before, frame, h, w] -> [film, memory, frame, h, w], from empty memory."""
        cell = hidden = x.new_zeros(len(x), self.memory, *x.shape[3:])
        shown: list[Tensor] = []
        for frame in x.unbind(2):
            gates = self.gates(torch.cat([frame, hidden], 1))
            let_in, forget, let_out, candidate = gates.chunk(4, 1)
            cell = forget.sigmoid() * cell + let_in.sigmoid() * candidate.tanh()
            hidden = let_out.sigmoid() * cell.tanh()
            shown.append(hidden)
        return torch.stack(shown, 2)


class ConvLstmGenerator(nn.Module):
    """Noise [film, 100] and pictures [film, 3, n, n] -> films."""

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        doublings = sizes.count_doublings(MAP_PX)
        px = sizes.size_px >> doublings
        width, memory = sizes.scale(INPUT, MEMORY)
        self.frames, self.noise_shape = sizes.frames, (width, px, px)
        self.project = nn.Linear(Z_DIM, width * px * px)
        look: list[nn.Module] = []
        for k in range(doublings):
            look += [nn.Conv2d(width if k else 3, width, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        self.look = nn.Sequential(*look)
        self.recur = nn.ModuleList(
            ConvLSTM(2 * width if k == 0 else memory, memory) for k in range(LAYERS)
        )
        channels = sizes.scale(*(max(MEMORY >> k, LEAST_CHANNELS) for k in range(doublings)))
        layers: list[nn.Module] = []
        for before, after in zip((memory, *channels), channels, strict=False):
            layers.append(DoublingConvolution3d(before, after, False))
            layers += [nn.BatchNorm3d(after), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.colour = nn.Conv3d(channels[-1], 3, 3, padding=1)
        begin_normal(self.layers)
        for module in self.look:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, SLOPE)

    def forward(self, z: Tensor, starts: Starts) -> FilmTensor:
        """-> [film, 3, frame, height, width] in [-1, 1]."""
        noise = self.project(z).unflatten(1, self.noise_shape)
        x = torch.cat([noise, self.look(starts)], 1)
        x = x[:, :, None].expand(-1, -1, self.frames, -1, -1)
        for layer in self.recur:
            x = layer(x)
        return torch.tanh(self.colour(self.layers(x)))


class ConvLstmGan(FilmGan):
    """A generator that goes on from a picture and noise, and a critic of films."""

    method = "convlstm"
    needs_start = True

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__(sizes)
        self.generator = ConvLstmGenerator(sizes)
        self.critics = FilmCritic3d((sizes.frames, sizes.size_px), sizes.scale(*CRITIC))

    def draw(self, real: RealFilms) -> Drawn:
        """A film for the first frame of each real one."""
        return Drawn(self.make_films(len(real.films), real.films[:, :, 0]))

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Tell real films from others."""
        return judge(self.critics(real.films), True) + judge(self.critics(drawn.films), False)

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Tensor:
        """Be called real."""
        return judge(self.critics(drawn.films), True)

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """Films of random z and the pictures. Raises ValueError without as many pictures."""
        pictures = need_starts(starts, count, self.method)
        return self.generator(torch.randn(count, Z_DIM, device=self.device), pictures)
