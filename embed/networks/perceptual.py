"""How different two pictures look, as losses that gradients pass through.

In: pictures [batch, 3, height, width] in [-1, 1]. Out: a distance per pair. A loss has two halves,
`describe` (picture -> features) and `compare` (features -> distance), so that the features of an
inversion's target are computed once. Three of them:

- `VggLoss`: equation 2 of the thesis and Image2StyleGAN (Abdal et al. 2019): squared differences of
  VGG16's conv1_1, conv1_2, conv3_2 and conv4_2, each averaged over its N_j scalars, summed with
  weights lambda_j;
- `LpipsLoss`: LPIPS 0.1 on VGG16 (Zhang et al. 2018);
- `FaceLoss`: the small network that ships with the bundled generator; needs no download.

VGG16 and its likes see pictures at 256x256 at most, reduced by area averaging.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from embed.networks.vgg16 import (
    DEPTHS,
    Vgg16,
    fetch_vgg16,
    load_vgg16,
    reduce_images,
)
from synth.judging.perceptual import (
    BUNDLED_PERCEPTUAL,
    PerceptualNetwork,
    compare_features,
    load_perceptual,
)
from synth.learning.losses import Distance
from synth.storage.assets import fetch_asset
from synth.storage.torch_tensors import load_plain_tensors
from synth.types import Images

LARGEST_PX = 256
IMAGE2STYLEGAN_LAYERS = ("conv1_1", "conv1_2", "conv3_2", "conv4_2")
LPIPS_LAYERS = ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
#: Squared lengths below this count as this, so that a black pixel has a finite gradient.
LEAST_SQUARE = 1e-20
EPSILON = 1e-10


@runtime_checkable
class PerceptualLoss(Protocol):
    """A distance of pictures in two halves; features are tensors with the batch first."""

    #: Goes into reports beside every number it made.
    name: str

    def describe(self, images: Images) -> list[Tensor]:
        """Pictures in [-1, 1], of any size that the network takes -> their features."""
        ...

    def compare(self, ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Float[Tensor, " batch"]:
        """The distance of each pair, 0 for equal ones, float32, differentiable in both."""
        ...


def find_perceptual_distance(
    loss: PerceptualLoss, a: Float[Tensor, ...], b: Float[Tensor, ...]
) -> Float[Tensor, " batch"]:
    """The distance of each pair of pictures. Raises ValueError for different shapes."""
    if a.shape != b.shape:
        raise ValueError(f"needs pictures of one shape; got {list(a.shape)} and {list(b.shape)}")
    return loss.compare(loss.describe(a), loss.describe(b))


class VggLoss:
    """Equation 2: sum over layers j of lambda_j / N_j |F_j(a) - F_j(b)|^2, F_j after the ReLU."""

    name = "VGG16 conv1_1 conv1_2 conv3_2 conv4_2 (Image2StyleGAN)"

    def __init__(self, network: Vgg16, weights: Sequence[float | int] = (1, 1, 1, 1)) -> None:
        if len(weights) != len(IMAGE2STYLEGAN_LAYERS):
            raise ValueError(
                f"needs a weight for each of {', '.join(IMAGE2STYLEGAN_LAYERS)}; got {len(weights)}"
            )
        self._network = network
        self._weights = tuple(weights)

    def describe(self, images: Images) -> list[Tensor]:
        """The four layers' maps of pictures reduced to 256 pixels."""
        return self._network(reduce_images(images, LARGEST_PX), IMAGE2STYLEGAN_LAYERS)

    def compare(self, ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Float[Tensor, " batch"]:
        """Weighted mean squared differences, summed over layers."""
        gaps = [
            (a.float() - b.float()).square().flatten(1).mean(1) * weight
            for a, b, weight in zip(ours, theirs, self._weights, strict=True)
        ]
        return torch.stack(gaps).sum(0)


class LpipsLoss:
    """LPIPS 0.1: unit-length features, squared differences weighted per channel, mean over space.

    linear: a weight per channel for each of the five depths, as LPIPS learned them.
    """

    name = "LPIPS 0.1, VGG16"

    def __init__(self, network: Vgg16, linear: Sequence[Tensor]) -> None:
        found = [tuple(weight.shape) for weight in linear]
        wanted = [(row[-1],) for row in DEPTHS]
        if found != wanted:
            raise ValueError(f"needs linear weights of shapes {wanted}; got {found}")
        self._network = network
        self._linear = [weight.float() for weight in linear]

    def describe(self, images: Images) -> list[Tensor]:
        """The five depths' last maps of pictures reduced to 256 pixels, at unit length."""
        maps = self._network(reduce_images(images, LARGEST_PX), LPIPS_LAYERS)
        return [_to_unit_length(x) for x in maps]

    def compare(self, ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Float[Tensor, " batch"]:
        """LPIPS of each pair."""
        gaps = [
            ((a - b).square() * weight.to(a.device)[:, None, None]).sum(1).mean((1, 2))
            for a, b, weight in zip(ours, theirs, self._linear, strict=True)
        ]
        return torch.stack(gaps).sum(0)


class FaceLoss:
    """The distance of the perceptual network that ships (`synth.judging.perceptual`)."""

    name = "Moodreel perceptual network"

    def __init__(self, network: PerceptualNetwork) -> None:
        self._network = network

    def describe(self, images: Images) -> list[Tensor]:
        """Its maps, from shallow to deep, of pictures reduced to 256 pixels."""
        return self._network.features(reduce_images(images, LARGEST_PX))

    def compare(self, ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Float[Tensor, " batch"]:
        """`PerceptualNetwork.distance` of each pair."""
        return (compare_features(ours, theirs) * self._network.depth_weights.float()).sum(1)


def load_face_loss(
    path: str | Path = BUNDLED_PERCEPTUAL, device: str | torch.device = "cpu"
) -> FaceLoss:
    """The loss that needs no download. Raises FileNotFoundError or ValueError naming the file."""
    return FaceLoss(load_perceptual(path, device))


def fetch_vgg_loss(device: str | torch.device = "cpu", path: str | Path | None = None) -> VggLoss:
    """Image2StyleGAN's loss on torchvision's VGG16, by its card or from `path`."""
    return VggLoss(fetch_vgg16(device) if path is None else load_vgg16(path, device))


def fetch_lpips_loss(
    device: str | torch.device = "cpu", path: str | Path | None = None
) -> LpipsLoss:
    """LPIPS on torchvision's VGG16 (by its card or from `path`) with the package's own weights."""
    network = fetch_vgg16(device) if path is None else load_vgg16(path, device)
    linear = load_lpips_weights(fetch_asset("lpips-vgg"))
    return LpipsLoss(network, [weight.to(device) for weight in linear])


def load_distance(name: str, device: str | torch.device = "cpu") -> Distance:
    """The perceptual distance `bundled`, which ships, or `lpips`, fetched by its card."""
    if name == "bundled":
        return load_perceptual(device=device).distance
    lpips = fetch_lpips_loss(device)
    return lambda a, b: find_perceptual_distance(lpips, a, b)


def load_lpips_weights(path: str | Path) -> list[Tensor]:
    """The per-channel weights of the five depths out of the `lpips` package's file for VGG16.

    Raises ValueError naming the file when they are not there.
    """
    tensors = load_plain_tensors(path)
    names = [f"lin{depth}.model.1.weight" for depth in range(len(DEPTHS))]
    missing = [name for name in names if name not in tensors]
    if missing:
        raise ValueError(
            f"{path}: needs the linear weights of LPIPS for VGG16; got no {missing[0]}"
        )
    return [tensors[name].flatten() for name in names]


def _to_unit_length(x: Tensor) -> Tensor:
    x = x.float()
    length = x.square().sum(1, keepdim=True).clamp_min(LEAST_SQUARE).sqrt()
    return x / (length + EPSILON)
