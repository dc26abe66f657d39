"""How different two faces look: a small VGG-like network trained on renders.

It learned to tell a render's parameters (people, emotions, pose, light, looks), so its features
hold what matters in a face. They serve as a perceptual loss that needs no download
(`PerceptualNetwork.distance`), and as the features of a Frechet distance (`embed`).

Pictures are [batch, 3, n, n] in [-1, 1], n a multiple of 16, best from 64 to 256: faces in FFHQ
alignment. Five depths of two 3x3 convolutions with ReLU each, halved in between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from synth.generators.bundled_parameters import NUM_PARAMETERS
from synth.judging.storage import load_network

KIND = "moodreel-perceptual"
BUNDLED_PERCEPTUAL = Path(__file__).with_name("weights") / "moodreel-perceptual.safetensors"
WIDTHS = (16, 32, 64, 128, 192)
#: The deepest features are averaged to this many cells a side before parameters are read off.
HEAD_CELLS = 4
EPSILON = 1e-6


class PerceptualNetwork(nn.Module):
    """Features, distance and embedding of faces; parameters as it was trained on them.

    `targets` is the length of the parameter vector. A network in training has batch norms;
    `fold_norms` makes the plain one that ships.
    """

    depth_weights: Tensor

    def __init__(
        self,
        widths: Sequence[int] = WIDTHS,
        targets: int = NUM_PARAMETERS,
        with_norms: bool = False,
    ) -> None:
        super().__init__()
        self.settings = {"widths": list(widths), "targets": targets}
        self.depths = nn.ModuleList(
            nn.Sequential(
                *_make_convolution(before, width, with_norms),
                *_make_convolution(width, width, with_norms),
            )
            for before, width in zip((3, *widths), widths, strict=False)
        )
        self.head = nn.Linear(widths[-1] * HEAD_CELLS**2, targets)
        #: What each depth counts in a distance.
        self.register_buffer("depth_weights", torch.ones(len(widths)))

    def features(self, images: Float[Tensor, ...]) -> list[Tensor]:
        """Feature maps [batch, width, n / 2^depth, n / 2^depth], from shallow to deep.

        Raises ValueError for pictures of another shape.
        """
        check_pictures(images, 2 ** len(self.depths) // 2)
        x = images.to(self.head.weight.dtype).contiguous(memory_format=torch.channels_last)
        maps: list[Tensor] = []
        for index, depth in enumerate(self.depths):
            x = depth(F.avg_pool2d(x, 2) if index else x)
            maps.append(x)
        return maps

    def forward(self, images: Float[Tensor, ...]) -> Float[Tensor, "batch parameter"]:
        """The parameters that it sees, standardised over random faces."""
        cells = F.adaptive_avg_pool2d(self.features(images)[-1], HEAD_CELLS).flatten(1)
        # By the root of their number, or one step of Adam would move the answer by several units.
        return self.head(cells / math.sqrt(cells.shape[1]))

    def distance(self, a: Float[Tensor, ...], b: Float[Tensor, ...]) -> Float[Tensor, " batch"]:
        """How different each pair of pictures looks: 0 for equal ones, differentiable in both.

        In the manner of LPIPS (Zhang et al. 2018, equation 1): features are brought to unit
        length over channels, squared differences summed over channels, averaged over space,
        weighted over depths. Raises ValueError for pictures of different shapes.
        """
        if a.shape != b.shape:
            raise ValueError(f"needs pictures of one shape; got {list(a.shape)}, {list(b.shape)}")
        return (self.find_gaps(a, b) * self.depth_weights.float()).sum(1)

    def find_gaps(
        self, a: Float[Tensor, ...], b: Float[Tensor, ...]
    ) -> Float[Tensor, "batch depth"]:
        """The distance of each pair at each depth, not weighted."""
        return compare_features(self.features(a), self.features(b))

    def embed(self, images: Float[Tensor, ...]) -> Float[Tensor, "batch feature"]:
        """The two deepest feature maps averaged over space: what a Frechet distance compares."""
        return torch.cat([x.float().mean((2, 3)) for x in self.features(images)[-2:]], 1)

    def fold_norms(self) -> PerceptualNetwork:
        """The same function in eval mode, batch norms taken up by the convolutions."""
        plain = PerceptualNetwork(**self.settings)
        for ours, theirs in zip(self.depths, plain.depths, strict=True):
            parts = list(ours.children())
            for k in (0, 3):
                # pyright knows the parts of a Sequential as modules only.
                conv, norm = parts[k].eval(), parts[k + 1].eval()
                folded = fuse_conv_bn_eval(conv, norm)  # pyright: ignore[reportArgumentType]
                theirs.get_submodule(str(k)).load_state_dict(folded.state_dict())
        plain.head.load_state_dict(self.head.state_dict())
        plain.depth_weights.copy_(self.depth_weights)
        return plain.eval().requires_grad_(False)


def load_perceptual(
    path: str | Path = BUNDLED_PERCEPTUAL, device: str | torch.device = "cpu"
) -> PerceptualNetwork:
    """Read the network that ships, or the one at `path`: frozen, float32, channels last.

    Other types work too (`.half()` on a GPU); distances are summed in float32 all the same.
    Raises FileNotFoundError or ValueError naming the file.
    """
    network = load_network(path, KIND, PerceptualNetwork)[0]
    return network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def compare_features(
    ours: Sequence[Tensor], theirs: Sequence[Tensor]
) -> Float[Tensor, "batch depth"]:
    """Of two lists of `PerceptualNetwork.features`: the distance of each pair at each depth."""
    gaps = [
        (_to_unit_length(x) - _to_unit_length(y)).square().sum(1).mean((1, 2))
        for x, y in zip(ours, theirs, strict=True)
    ]
    return torch.stack(gaps, 1)


def check_pictures(images: Tensor, step: int) -> None:
    """Raise ValueError unless images are [batch, 3, n, n] with n a multiple of `step`."""
    is_square = images.ndim == 4 and images.shape[1] == 3 and images.shape[2] == images.shape[3]
    if not is_square or not images.shape[-1] or images.shape[-1] % step:
        raise ValueError(
            f"needs pictures [batch, 3, n, n] in [-1, 1] with n a multiple of {step}; got "
            f"{list(images.shape)}; try 128x128 or 256x256"
        )


def _make_convolution(before: int, width: int, with_norm: bool) -> list[nn.Module]:
    norm = nn.BatchNorm2d(width) if with_norm else nn.Identity()
    return [nn.Conv2d(before, width, 3, padding=1), norm, nn.ReLU()]


def _to_unit_length(x: Tensor) -> Tensor:
    x = x.float()
    return x * torch.rsqrt(x.square().sum(1, keepdim=True) + EPSILON)
