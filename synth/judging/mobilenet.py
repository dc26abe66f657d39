"""MobileNetV2: what thing is in a picture, out of ImageNet's 1000 classes.

In: uint8 RGB frames [frame, height, width, 3]. Out: probabilities [frame, 1000]. The network of
Sandler et al. 2018 (arXiv 1801.04381) in a few lines, with the parameter names of torchvision's, so
that its published file fits and the package is not needed. The file is fetched by its card.

Symbols: t how many times wider a block is inside, c its channels, n blocks of a kind, s the stride
of the first of them (the paper's table 2).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from synth.judging.imagenet import normalize_for_imagenet
from synth.storage.assets import fetch_asset
from synth.storage.torch_tensors import load_plain_tensors
from synth.types import Frames, Images, to_images

ASSET = "mobilenet-v2"
#: Side of the pictures that it takes.
INPUT_PX = 224
CLASSES = 1000
#: t, c, n, s of each kind of block.
BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
STEM, LAST = 32, 1280


class InvertedResidual(nn.Module):
    """Wider by 1x1, 3x3 for each channel, narrower by 1x1; added to its input where it fits."""

    def __init__(self, before: int, channels: int, stride: int, widening: int) -> None:
        super().__init__()
        inner = before * widening
        wider = [_make_layer(before, inner, 1)] if widening > 1 else []
        self.conv = nn.Sequential(
            *wider,
            _make_layer(inner, inner, 3, stride, groups=inner),
            nn.Conv2d(inner, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.adds = stride == 1 and before == channels

    def forward(self, x: Tensor) -> Tensor:
        """[batch, before, size, size] -> [batch, channels, size / stride, size / stride]."""
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    """The network; it has random weights until some are loaded."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_make_layer(3, STEM, 3, 2)]
        before = STEM
        for widening, channels, count, stride in BLOCKS:
            for number in range(count):
                first = stride if number == 0 else 1
                layers.append(InvertedResidual(before, channels, first, widening))
                before = channels
        layers.append(_make_layer(before, LAST, 1))
        self.features = nn.Sequential(*layers)
        # The first place is training's dropout, which has no weights.
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(LAST, CLASSES))

    def forward(self, images: Images) -> Float[Tensor, "batch 1000"]:
        """Pictures in [-1, 1] -> scores of the classes, before the softmax."""
        x = normalize_for_imagenet(images).contiguous(memory_format=torch.channels_last)
        return self.classifier(self.features(x).mean((2, 3)))


class MobileNetClassifier:
    """Tells what thing is in a picture. Its weights are read when they are first needed.

    path: a file as torchvision publishes it; None: the one of the card, downloaded on first use.
    """

    name = "MobileNetV2, ImageNet"
    class_count = CLASSES

    def __init__(self, path: str | None = None) -> None:
        self._path = path
        self._network: MobileNetV2 | None = None

    def fetch_models(self) -> None:
        """Find, or download, verify and open the network. Raises what is wrong with it."""
        if self._network is None:
            path = fetch_asset(ASSET) if self._path is None else self._path
            self._network = load_mobilenet(path)

    def classify(self, pictures: Frames) -> Float[np.ndarray, "frame 1000"]:
        """uint8 RGB pictures of any one size -> probabilities; each is seen whole, 224x224.

        A wide picture is squeezed, as the source does it, so that nothing at its sides is missed.
        """
        self.fetch_models()
        assert self._network is not None
        with torch.inference_mode():
            images = to_images(pictures)
            if images.shape[-2:] != (INPUT_PX, INPUT_PX):
                size = (INPUT_PX, INPUT_PX)
                images = F.interpolate(images, size, mode="bilinear", antialias=True)
            return self._network(images).softmax(1).numpy()


def load_mobilenet(path: str | Path) -> MobileNetV2:
    """Read torchvision's MobileNetV2 file: frozen, float32. Nothing in the file is executed.

    Raises FileNotFoundError or ValueError naming the file.
    """
    tensors = load_plain_tensors(path)
    with torch.device("meta"):
        network = MobileNetV2()
    # Files made before the count of batches was kept lack it; nothing here reads it.
    own = network.state_dict()
    state = {name: torch.zeros((), dtype=torch.long) for name in own if name.endswith("_tracked")}
    state |= tensors
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: needs torchvision's MobileNetV2; {reason}") from None
    network = network.float().eval().requires_grad_(False)
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _make_layer(before: int, channels: int, size: int, stride: int = 1, groups: int = 1):
    """Convolution, batch normalisation, ReLU up to 6."""
    convolution = nn.Conv2d(
        before, channels, size, stride, (size - 1) // 2, groups=groups, bias=False
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU6(inplace=True))
