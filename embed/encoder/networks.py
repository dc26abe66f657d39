"""Networks that guess W+ from one look at a picture (thesis 4.1): ResNet-50, and a small one.

In: pictures [batch, 3, n, n] in [-1, 1]. Out: coordinates [batch, row, axis] along the principal
axes of w, in its standard deviations (`embed.inversion.latent_spaces`): the offset from the mean
latent, as one row that all layers share plus what each row has of its own (as in Tov et al. 2021).
Rows beyond the last that is guessed repeat it: pictures summed up to a low resolution do not tell
what those rows are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from embed.inversion.latent_spaces import WStatistics
from embed.networks.vgg16 import reduce_images
from synth.judging.imagenet import normalize_for_imagenet
from synth.judging.judge import ResidualBlock
from synth.storage.torch_tensors import load_plain_tensors
from synth.types import Images, WPlus

BACKBONES = ("compact", "resnet50")
#: Of the compact network: each depth halves the picture.
WIDTHS = (32, 64, 128, 192, 256)
HIDDEN = 256
#: The compact network's deepest maps are brought to this many cells a side, then flattened.
CELLS = 4
RESNET50_FEATURES = 2048


@dataclass(frozen=True)
class EncoderSizes:
    """What an encoder looks at and guesses; its file keeps it.

    rows: of W+ that are guessed; num_layers, w_dim: of the generator; axes: along which w varies;
    picture_px: the side of the pictures that it looks at; widths: of the compact network. Raises
    ValueError for an unknown backbone, or more rows than layers.
    """

    backbone: str
    rows: int
    num_layers: int
    w_dim: int
    axes: int
    picture_px: int
    widths: Sequence[int] = WIDTHS

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            known = ", ".join(BACKBONES)
            raise ValueError(f"needs a backbone among {known}; got {self.backbone!r}")
        if not 1 <= self.rows <= self.num_layers:
            raise ValueError(f"needs rows from 1 to {self.num_layers}; got {self.rows}")


class EncoderNetwork(nn.Module):
    """Coordinates of W+, and the W+ that they stand for.

    Raises ValueError for resnet50 where torchvision is missing.
    """

    mean: Tensor
    axes: Tensor
    spreads: Tensor

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.settings = {**asdict(sizes), "widths": list(sizes.widths)}
        self.backbone, self.rows, self.num_layers = sizes.backbone, sizes.rows, sizes.num_layers
        self.picture_px = sizes.picture_px
        is_compact = sizes.backbone == "compact"
        self.body = _make_compact(sizes.widths) if is_compact else _make_resnet50()
        features = HIDDEN if is_compact else RESNET50_FEATURES
        rows, axes, w_dim = sizes.rows, sizes.axes, sizes.w_dim
        self.shared = nn.Linear(features, axes)
        self.own = nn.Linear(features, rows * axes)
        self.register_buffer("mean", torch.zeros(w_dim))
        self.register_buffer("axes", torch.zeros(w_dim, axes))
        self.register_buffer("spreads", torch.ones(axes))

    @classmethod
    def of_settings(cls, **settings: Any) -> EncoderNetwork:
        """The network that a file's settings describe, with arbitrary weights."""
        return cls(EncoderSizes(**settings))

    @property
    def statistics(self) -> WStatistics:
        """Mean, axes and spreads of the generator's w that coordinates refer to."""
        return WStatistics(self.mean, self.axes, self.spreads)

    def use_statistics(self, statistics: WStatistics) -> None:
        """Let coordinates refer to these. Raises ValueError for others' sizes."""
        if statistics.axes.shape != self.axes.shape:
            raise ValueError(
                f"needs axes of shape {list(self.axes.shape)}; got {list(statistics.axes.shape)}"
            )
        self.mean.copy_(statistics.mean)
        self.axes.copy_(statistics.axes)
        self.spreads.copy_(statistics.spreads)

    def forward(self, pictures: Images) -> Float[Tensor, "batch row axis"]:
        """Pictures as `prepare` makes them -> coordinates of the rows that are guessed."""
        x = normalize_for_imagenet(pictures) if self.backbone == "resnet50" else pictures
        features = self.body(x.contiguous(memory_format=torch.channels_last))
        # By the root of their number, or one step of Adam would move the guess by too much.
        features = features / math.sqrt(features.shape[1])
        own = self.own(features).view(len(pictures), self.rows, -1)
        return self.shared(features)[:, None] + own

    def prepare(self, pictures: Images) -> Float[Tensor, "batch 3 rows columns"]:
        """Square pictures of any size in [-1, 1] -> clipped, `picture_px` a side.

        Raises ValueError for pictures that are not square, or not finite.
        """
        if pictures.shape[2] != pictures.shape[3] or not pictures.shape[2]:
            raise ValueError(
                "needs square pictures [batch, 3, n, n] of aligned faces in [-1, 1]; got "
                f"{list(pictures.shape)}; try aligning them first"
            )
        if not torch.isfinite(pictures).all():
            raise ValueError("needs finite pictures; got NaN or infinity among the pixels")
        small = reduce_images(pictures.float().clamp(-1, 1), self.picture_px)
        if small.shape[-1] == self.picture_px:
            return small
        return F.interpolate(small, (self.picture_px, self.picture_px), mode="bilinear")

    def find_w_plus(self, coordinates: Float[Tensor, "batch row axis"]) -> WPlus:
        """Coordinates -> W+ of every layer, differentiable."""
        return repeat_last_row(self.statistics.find_rows(coordinates), self.num_layers)


def repeat_last_row(rows: Float[Tensor, "batch row w_dim"], num_layers: int) -> WPlus:
    """W+ [batch, num_layers, w_dim] whose missing rows are like the last of `rows`."""
    more = rows[:, -1:].expand(-1, num_layers - rows.shape[1], -1)
    return torch.cat([rows, more], 1)


def load_imagenet_start(network: EncoderNetwork, path: str | Path) -> None:
    """Give a resnet50 the convolutions of torchvision's file; nothing in it is executed.

    Raises FileNotFoundError, or ValueError naming the file when it holds something else.
    """
    if network.backbone != "resnet50":
        raise ValueError(f"needs a resnet50 for {path}; got {network.backbone}")
    tensors = load_plain_tensors(path)
    state = {name: value for name, value in tensors.items() if not name.startswith("fc.")}
    own = network.body.state_dict()
    missing = [name for name in own if name not in state and "num_batches" not in name]
    try:
        if missing:
            raise RuntimeError(f"no {missing[0]}")
        network.body.load_state_dict({**own, **state})
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: needs torchvision's ResNet-50; {reason}") from None


def _make_compact(widths: Sequence[int]) -> nn.Sequential:
    stem = nn.Sequential(
        nn.Conv2d(3, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
    )
    return nn.Sequential(
        stem,
        *(ResidualBlock(before, width) for before, width in pairwise(widths)),
        nn.AdaptiveAvgPool2d(CELLS),
        nn.Flatten(),
        nn.Linear(widths[-1] * CELLS**2, HIDDEN, bias=False),
        nn.BatchNorm1d(HIDDEN),
        nn.ReLU(),
    )


def _make_resnet50() -> nn.Module:
    try:
        from torchvision.models import resnet50
    except ImportError:
        raise ValueError(
            "needs torchvision for the encoder resnet50; got none installed; try "
            "`pip install torchvision`, or the compact one"
        ) from None
    body = resnet50(weights=None)
    body.fc = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
    return body
