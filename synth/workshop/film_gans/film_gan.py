"""What every generator of films here offers: films, its critics, and what each side must lessen.

Films are float [film, 3, frame, height, width] in [-1, 1]; pictures and pairs of frames are films
of one or two frames. All chance comes from PyTorch's own source, which the trainer seeds for each
step. A generator of films is an `nn.Module`; its parts `generator` and `critics` are trained in
turn. Sizes are those of the papers where `width` is 64; other widths scale every layer alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

#: The width at which channels are those of the papers.
PAPER_WIDTH = 64
FilmTensor = Float[Tensor, "film 3 frame height width"]
Starts = Float[Tensor, "film 3 height width"]


@dataclass(frozen=True)
class FilmSizes:
    """What a generator draws, and how wide it is; categories: kinds of films it is told apart.

    Raises ValueError for what makes no network.
    """

    size_px: int = 64
    frames: int = 16
    width: int = PAPER_WIDTH
    categories: int = 6

    def __post_init__(self) -> None:
        # Also three times a power: MoCoGAN's films have 96 pixels.
        in_size = _is_power(self.size_px, 16, 512) or _is_power(self.size_px / 3, 16, 128)
        if not in_size or not _is_power(self.frames, 2, 64):
            raise ValueError(
                "needs size_px of 16, 32, 48, 64, 96, 128, 192, 256, 384 or 512 and frames of 2, "
                f"4, 8, 16, 32 or 64; got {self.size_px} and {self.frames}"
            )
        if not 1 <= self.width <= 1024 or not 1 <= self.categories <= 1000:
            raise ValueError(
                "needs a width of 1 to 1024 and 1 to 1000 categories; got "
                f"{self.width} and {self.categories}"
            )

    def scale(self, *channels: int) -> tuple[int, ...]:
        """Channels of the paper -> those of this width."""
        return tuple(max(1, round(count * self.width / PAPER_WIDTH)) for count in channels)

    def count_doublings(self, least_px: int) -> int:
        """How often a picture can be halved before its side is odd or `least_px` or less."""
        size, count = self.size_px, 0
        while size % 2 == 0 and size > least_px:
            size, count = size // 2, count + 1
        return count


@dataclass(frozen=True, eq=False)
class RealFilms:
    """What a step learns from: films, and the category of each [film]."""

    films: FilmTensor
    categories: Int[Tensor, " film"]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the generator made of a step: films, and the categories that they were asked for."""

    films: FilmTensor
    categories: Int[Tensor, " film"] | None = None


class FilmGan(nn.Module):
    """A generator of films and its critics; the base of all."""

    #: As the registry has it.
    method: str
    #: Whether `make_films` goes on from given pictures.
    needs_start = False
    #: Adam's rate and first beta, as in the paper.
    rate, beta = 2e-4, 0.5
    #: Modules; what they take is between each and its critics.
    generator: Any
    critics: Any

    def __init__(self, sizes: FilmSizes) -> None:
        super().__init__()
        self.sizes = sizes

    @property
    def settings(self) -> dict[str, Any]:
        """What the registry builds it with again."""
        return {"method": self.method, **asdict(self.sizes)}

    def draw(self, real: RealFilms) -> Drawn:
        """What the critics of a step shall see; gradients pass to the generator."""
        raise NotImplementedError

    def find_critic_loss(self, real: RealFilms, drawn: Drawn) -> Float[Tensor, ""]:
        """What the critics lessen; `drawn` is detached."""
        raise NotImplementedError

    def find_generator_loss(self, real: RealFilms, drawn: Drawn) -> Float[Tensor, ""]:
        """What the generator lessens."""
        raise NotImplementedError

    def make_films(self, count: int, starts: Starts | None = None) -> FilmTensor:
        """New films, at random; or, where it `needs_start`, one for each of the pictures."""
        raise NotImplementedError

    def make_optimizers(self, rate: float | None = None) -> list[torch.optim.Optimizer]:
        """Of generator and critics; rate: None for the paper's."""
        return [
            torch.optim.Adam(part.parameters(), lr=rate or self.rate, betas=(self.beta, 0.999))
            for part in (self.generator, self.critics)
        ]

    def keep_bounds(self, step: int) -> None:
        """After a step: whatever keeps the critics within bounds."""

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return next(self.parameters()).device

    def count_parameters(self) -> dict[str, int]:
        """Of the generator and of the critics."""
        return {
            name: sum(parameter.numel() for parameter in part.parameters())
            for name, part in (("generator", self.generator), ("critics", self.critics))
        }


def need_starts(starts: Starts | None, count: int, method: str) -> Starts:
    """The pictures that films go on from. Raises ValueError where there are not that many."""
    if starts is None or len(starts) != count:
        raise ValueError(
            f"needs {count} pictures that films of {method} begin with; got "
            f"{0 if starts is None else len(starts)}"
        )
    return starts


def _is_power(number: float, least: int, most: int) -> bool:
    """Whether it is a power of two within these."""
    return least <= number <= most and float(number).hex().startswith("0x1.0000000000000p")
