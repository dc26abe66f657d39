"""VGG16's convolutions, from torchvision's published weights.

In: pictures [batch, 3, height, width] in [-1, 1]. Out: feature maps after the ReLU of the layers
asked for, named as in the paper: conv1_1 ... conv5_3 (Simonyan and Zisserman 2015, configuration
D). Parameters have torchvision's names (`features.0.weight`), so that its file fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.judging.imagenet import normalize_for_imagenet
from synth.storage.assets import fetch_asset
from synth.storage.torch_tensors import load_plain_tensors
from synth.types import Images

#: Channels of the convolutions of each depth; a depth begins with halving the maps.
DEPTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
LAYERS = tuple(f"conv{d}_{k}" for d, row in enumerate(DEPTHS, 1) for k in range(1, len(row) + 1))


class Vgg16(nn.Module):
    """The convolutional part; it has random weights until some are loaded."""

    def __init__(self) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        self._places: dict[str, int] = {}
        before = 3
        for depth, row in enumerate(DEPTHS, 1):
            if depth > 1:
                parts.append(nn.MaxPool2d(2))
            for k, width in enumerate(row, 1):
                parts += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(inplace=True)]
                self._places[f"conv{depth}_{k}"] = len(parts) - 1
                before = width
        self.features = nn.Sequential(*parts)

    def forward(self, images: Images, layers: Sequence[str]) -> list[Float[Tensor, ...]]:
        """Maps [batch, channel, n, n] after the ReLU of each of `layers`, in their order.

        Computes in the type of the weights, and no further than the deepest layer asked for.
        Raises ValueError for a layer that VGG16 has not, and for pictures too small to halve.
        """
        self._check(images, layers)
        x = normalize_for_imagenet(images).to(next(self.parameters()).dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        found: dict[int, Tensor] = {}
        last = max(self._places[layer] for layer in layers)
        wanted = {self._places[layer] for layer in layers}
        for place, part in enumerate(self.features[: last + 1]):
            x = part(x)
            if place in wanted:
                found[place] = x
        return [found[self._places[layer]] for layer in layers]

    def _check(self, images: Tensor, layers: Sequence[str]) -> None:
        unknown = [layer for layer in layers if layer not in self._places]
        if unknown or not layers:
            raise ValueError(f"needs layers among {', '.join(LAYERS)}; got {list(layers)}")
        least = 2 ** (max(int(layer[4]) for layer in layers) - 1)
        if min(images.shape[-2:]) < least:
            raise ValueError(
                f"needs pictures of {least} pixels a side or more for these layers; got "
                f"{list(images.shape)}"
            )


def load_vgg16(path: str | Path, device: str | torch.device = "cpu") -> Vgg16:
    """Read torchvision's VGG16 file (classifier and all): frozen, float32, channels last.

    Nothing in the file is executed. Raises FileNotFoundError or ValueError naming the file.
    """
    tensors = load_plain_tensors(path)
    state = {name: value for name, value in tensors.items() if name.startswith("features.")}
    with torch.device("meta"):
        network = Vgg16()
    try:
        network.load_state_dict({name: value.float() for name, value in state.items()}, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: needs torchvision's VGG16; {reason}") from None
    network.eval().requires_grad_(False)
    return network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def fetch_vgg16(device: str | torch.device = "cpu") -> Vgg16:
    """VGG16 by its card: found or downloaded (528 MB), its sha256 verified.

    Raises AssetError when it cannot be had.
    """
    return load_vgg16(fetch_asset("vgg16"), device)


def reduce_images(images: Images, size_px: int) -> Float[Tensor, "batch 3 new_height new_width"]:
    """Pictures whose longer side is at most `size_px`, by area averaging; smaller ones as is."""
    height, width = images.shape[-2:]
    longer = max(height, width)
    if longer <= size_px:
        return images
    if longer % size_px == 0 and height == width:
        return F.avg_pool2d(images, longer // size_px)
    scale = size_px / longer
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return F.adaptive_avg_pool2d(images, size)
