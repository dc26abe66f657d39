"""3x3 convolutions with fewer multiplications: Winograd's minimal filtering, for CPUs.

In: maps [batch, in, N, N], N a multiple of the tile size. Out: the zero-padded convolution,
[batch, out, N, N]. Tiles of m x m outputs are computed from (m + 2) x (m + 2) inputs,

    Y = A' [ sum_in (G g G') * (B' d B) ] A,

with g the kernel, d the inputs of a tile and * elementwise: (m + 2)^2 matrix products replace
9 m^2, 4 times fewer for m = 4 and 2.25 times for m = 2. The matrices follow from interpolation at
the points 0, 1, -1 (, 2, -2) and infinity; larger tiles are less exact, so half precision takes
m = 2. See Lavin and Gray, 'Fast Algorithms for Convolutional Neural Networks' (2016).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synth.generators.resampling import Features, NewFeatures

# Rows are the transforms' outputs: B' of inputs, G of the kernel, A' of products.
_INPUT = {
    2: ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
    4: (
        (4, 0, -5, 0, 1, 0),
        (0, -4, -4, 1, 1, 0),
        (0, 4, -4, -1, 1, 0),
        (0, -2, -1, 2, 1, 0),
        (0, 2, -1, -2, 1, 0),
        (0, 4, 0, -5, 0, 1),
    ),
}
_KERNEL = {
    2: ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
    4: (
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    ),
}
_OUTPUT = {
    2: ((1, 1, 1, 0), (0, 1, -1, -1)),
    4: ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
}


class WinogradConvolution(nn.Module):
    """A plain 3x3 convolution with a fixed kernel [out, in, 3, 3], stride 1, zeros around."""

    kernel: Tensor
    input_transform: Tensor
    output_transform: Tensor

    def __init__(self, kernel: Tensor, tile: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.tile = tile
        per_axis = torch.tensor(_KERNEL[tile], dtype=kernel.dtype, device=kernel.device)
        transformed = torch.einsum("ay,oiyx,bx->abio", per_axis, kernel, per_axis)
        self.register_buffer("kernel", transformed.flatten(0, 1).to(dtype).contiguous())
        for name, rows in (("input_transform", _INPUT[tile]), ("output_transform", _OUTPUT[tile])):
            matrix = torch.tensor(rows, dtype=kernel.dtype, device=kernel.device)
            # Both axes at once: small whole numbers, exact in every type.
            self.register_buffer(name, torch.kron(matrix, matrix).to(dtype))

    def forward(self, x: Features) -> NewFeatures:
        """[batch, in, N, N] -> [batch, out, N, N], channels last."""
        batch, channels, height, width = x.shape
        size = self.tile + 2
        down, across = height // self.tile, width // self.tile
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        tiles = padded.unfold(1, size, self.tile).unfold(2, size, self.tile)
        tiles = tiles.permute(4, 5, 0, 1, 2, 3).reshape(size * size, -1)
        products = torch.bmm(
            (self.input_transform @ tiles).reshape(size * size, -1, channels), self.kernel
        )
        y = self.output_transform @ products.flatten(1)
        y = y.reshape(self.tile, self.tile, batch, down, across, -1)
        y = y.permute(2, 3, 0, 4, 1, 5).reshape(batch, height, width, -1)
        return y.permute(0, 3, 1, 2)


def choose_winograd_tile(channels: int, resolution: int, dtype: torch.dtype) -> int | None:
    """The tile size that is fastest on a CPU for so many channels; None: convolve directly.

    Transforms take time in proportion to the channels, products to their square: few channels are
    faster without. Processors with matrix tiles in hardware (AMX) multiply half precision too fast
    for transforms to pay. Limits were measured, see docs/synthesis-speed.md.
    """
    if resolution < 16:
        return None
    if dtype == torch.float32:
        return 4 if channels >= 128 else None
    if torch.cpu._is_amx_tile_supported():
        return None
    return 2 if dtype == torch.bfloat16 and channels >= 256 else None
