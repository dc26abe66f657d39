"""Layers that several generators of films are made of, and the losses of the usual game."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

SLOPE = 0.2
#: Weights begin normal, with this deviation (Radford et al. 2016, section 4).
DEVIATION = 0.02
#: Share of a critic's features that are left out while it learns.
DROPOUT = 0.25


def begin_normal(network: nn.Module) -> None:
    """Weights as DCGAN begins them: convolutions and linear layers around 0, scales around 1."""
    for module in network.modules():
        if isinstance(module, nn.modules.conv._ConvNd | nn.Linear):
            nn.init.normal_(module.weight, std=DEVIATION)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.normal_(module.weight, 1, DEVIATION)


class HalvingConvolution3d(nn.Conv3d):
    """Kernel 4, stride 2: n -> n / 2 in time, height and width; a single frame stays one."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 4, 2)

    def forward(self, input: Tensor) -> Tensor:
        """[film, before, t, h, w] -> [film, after, ceil(t / 2), ceil(h / 2), ceil(w / 2)]."""
        pads: list[int] = []
        for size in reversed(input.shape[2:]):
            total = max(0, 2 * (-(-size // 2) - 1) + 4 - size)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(input, pads))


class DoublingConvolution3d(nn.ConvTranspose3d):
    """Transposed, kernel 4, stride 2: doubles height and width; time by `in_time`, or kernel 3."""

    def __init__(self, before: int, after: int, in_time: bool) -> None:
        kernel, stride = (4, 2) if in_time else (3, 1)
        super().__init__(before, after, (kernel, 4, 4), (stride, 2, 2), 1, bias=False)


class FilmCritic3d(nn.Module):
    """Halving 3D convolutions, leaky ReLU, dropout; normalised but for the first; one logit."""

    def __init__(self, sizes: tuple[int, int], channels: tuple[int, ...]) -> None:
        """sizes: frames and pixels of the films; channels: of each layer."""
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *channels), channels, strict=False):
            layers.append(HalvingConvolution3d(before, after))
            if before != 3:
                layers.append(nn.BatchNorm3d(after))
            layers += [nn.LeakyReLU(SLOPE), nn.Dropout(DROPOUT)]
        self.layers = nn.Sequential(*layers)
        frames, px = (-(-size // 2 ** len(channels)) for size in sizes)
        self.judge = nn.Linear(channels[-1] * frames * px * px, 1)
        begin_normal(self)

    def forward(self, films: Float[Tensor, "film 3 frame height width"]) -> Tensor:
        """-> logits [film, 1]; higher means 'real'."""
        return self.judge(self.layers(films).flatten(1))


def judge(logits: Tensor, real: bool) -> Float[Tensor, ""]:
    """Binary cross entropy of logits against one answer for all."""
    return F.softplus(-logits if real else logits).mean()
