"""P-Net, the projection network: fully connected, a picture in, its most probable latent out.

In: pictures [batch, 3, n, n] in [-1, 1]. Out: W+ [batch, layer, w_dim] of one generator. The last
layer says how many spreads each number is from the mean latent. File: a .safetensors of
`synth.judging.storage` whose card names the generator: with another the guess would be noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embed.encoder.store import check_has_file
from synth.generators.base import Generator, name_weights
from synth.judging.storage import load_network, save_network
from synth.storage.atomic import check_output_path
from synth.types import Images, WPlus

KIND = "moodreel-pnet"
LARGEST_PX = 128
_MOST = 2**28


class PNet(nn.Module):
    """Pictures of `picture_px` pixels -> coordinates, and W+.

    grey: the colours' mean is looked at only. Raises ValueError for sizes beyond any use.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        picture_px: int,
        num_layers: int,
        w_dim: int,
        hidden: int = 768,
        depth: int = 2,
        grey: bool = False,
    ) -> None:
        super().__init__()
        colours = 1 if grey else 3
        sizes = (picture_px, num_layers, w_dim, hidden, depth)
        if min(sizes) < 1 or picture_px > LARGEST_PX or depth > 8:
            raise ValueError(
                f"needs pictures of 1 to {LARGEST_PX} pixels and sizes of 1 or more; got {sizes}"
            )
        if hidden * max(colours * picture_px**2, num_layers * w_dim, hidden) > _MOST:
            raise ValueError(f"needs a smaller network; got sizes {sizes}; try hidden=256")
        self.settings = {
            "picture_px": picture_px,
            "num_layers": num_layers,
            "w_dim": w_dim,
            "hidden": hidden,
            "depth": depth,
            "grey": grey,
        }
        self.picture_px, self.grey = picture_px, grey
        widths = [colours * picture_px**2, *[hidden] * depth]
        layers: list[nn.Module] = []
        for before, width in pairwise(widths):
            layers += [nn.Linear(before, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Linear(hidden, num_layers * w_dim))
        self.register_buffer("mean", torch.zeros(num_layers, w_dim))
        self.register_buffer("spread", torch.ones(num_layers, w_dim))

    def forward(self, pictures: Images) -> Tensor:
        """Pictures [batch, 3, picture_px, picture_px] -> coordinates [batch, layer, w_dim]."""
        seen = pictures.mean(1, keepdim=True) if self.grey else pictures
        return self.body(seen.flatten(1)).view(-1, *self.mean.shape)

    def find_w_plus(self, coordinates: Tensor) -> WPlus:
        """Coordinates -> W+, differentiable."""
        return self.mean + self.spread * coordinates

    @torch.no_grad()
    def guess(self, pictures: Images) -> WPlus:
        """W+ of each picture; larger ones are reduced first."""
        size = (self.picture_px, self.picture_px)
        small = F.interpolate(pictures.to(self.mean.device), size, mode="area")
        return self.find_w_plus(self(small))


def save_pnet(
    path: str | Path, network: PNet, generator: Generator, card: Mapping[str, str]
) -> None:
    """Write a network with its card and the generator's name, whole or not at all."""
    path = Path(path)
    check_output_path(path, ".safetensors")
    check_has_file(generator)
    full = {**card, "generator_name": generator.name, "generator_sha256": generator.sha256}
    save_network(path, network, KIND, full)


def load_pnet(path: str | Path, generator: Generator | None = None) -> PNet:
    """The network in a file, for this generator where one is given.

    Raises FileNotFoundError, or ValueError naming the file that is broken or another generator's.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: needs a P-Net; got no such file; try `python -m scripts.train_pnet`, or "
            "projector.way=search"
        )
    network, card = load_network(path, KIND, PNet)
    theirs = card.get("generator_sha256", "")
    if generator is not None and (not theirs or theirs != generator.sha256):
        raise ValueError(
            f"{path}: needs a P-Net trained for generator "
            f"{name_weights(generator.name, generator.sha256)}; got one for "
            f"{name_weights(card.get('generator_name', 'unknown'), theirs)}; try "
            "`python -m scripts.train_pnet`, or projector.way=search"
        )
    return network
