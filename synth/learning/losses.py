"""How far a generated picture is from its render: what the generator is trained to lessen.

L1 at full size and at every halved size down to 16, and a share of L1 in the differences of
colours, which shows seams that brightness hides. No L2: where the network is not sure of an edge's
place, that is least for a soft one. Pixels are weighted towards eyes and mouth, where emotions
show, and towards edges, where blur is seen first. Beside it, for what learns against critics: how
far a picture leaves the colours that its render shows nearby, as halos do.
Pictures are [batch, 3, n, n] in [-1, 1], in sRGB, whose steps are about equally visible.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

#: Two batches of pictures [batch, 3, n, n] in [-1, 1] -> distances [batch].
Distance = Callable[[Tensor, Tensor], Tensor]

#: Centre x, y, width x, y and weight of what matters, as shares of the FFHQ crop.
FOCUS = (
    (0.37, 0.47, 0.10, 0.07, 2.0),
    (0.63, 0.47, 0.10, 0.07, 2.0),
    (0.50, 0.70, 0.13, 0.10, 2.2),
    (0.50, 0.60, 0.22, 0.25, 0.8),
    (0.50, 0.38, 0.25, 0.06, 0.8),
)
#: How much more an edge counts, and the step between pixels of which an edge counts half of that.
EDGE_WEIGHT, EDGE_STEP = 1.5, 0.1
COLOUR_WEIGHT = 0.2


def make_focus(resolution: int) -> Float[Tensor, "1 1 height width"]:
    """Weights of the pixels, about 1 on average."""
    axis = (torch.arange(resolution) + 0.5) / resolution
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    focus = torch.full((resolution, resolution), 0.7)
    for cx, cy, sx, sy, weight in FOCUS:
        focus += weight * torch.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)
    return focus[None, None]


def weigh_edges(
    target: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 1 height width"]:
    """Weights of pixels from 1 in plain parts to nearly 1 + EDGE_WEIGHT on and beside edges."""
    grey = target.mean(1, keepdim=True)
    across = F.pad((grey[..., 1:] - grey[..., :-1]).abs(), (0, 1))
    down = F.pad((grey[..., 1:, :] - grey[..., :-1, :]).abs(), (0, 0, 0, 1))
    steepness = F.avg_pool2d(across + down, 3, 1, 1)
    return 1 + EDGE_WEIGHT * steepness / (steepness + EDGE_STEP)


def find_picture_loss(
    output: Float[Tensor, "batch 3 height width"],
    target: Float[Tensor, "batch 3 height width"],
    focus: Float[Tensor, "#batch 1 height width"],
) -> Float[Tensor, ""]:
    """The weighted distance of `output` to `target`; focus: weights of the pixels."""
    weighted = (output - target) * focus
    loss = weighted.abs().mean()
    red, green, blue = weighted.unbind(1)
    loss = loss + COLOUR_WEIGHT * ((red - green).abs().mean() + (blue - green).abs().mean())
    while weighted.shape[-1] > 16:
        weighted = F.avg_pool2d(weighted, 2)
        loss = loss + 0.35 * weighted.abs().mean()
    return loss


def find_range(
    target: Float[Tensor, "batch 3 height width"], reach: int
) -> tuple[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch 3 height width"]]:
    """The least and the greatest value of each colour within `reach` pixels or a little more.

    Height and width are multiples of reach // 4, where that is more than 1: so coarse it looks.
    """
    step = max(1, reach // 4)
    kernel = 2 * -(-reach // step) + 1

    def find_greatest(pictures: Tensor) -> Tensor:
        blocks = F.max_pool2d(pictures, step)
        return F.interpolate(
            F.max_pool2d(blocks, kernel, 1, kernel // 2), scale_factor=step, mode="nearest"
        )

    return -find_greatest(-target), find_greatest(target)


def find_overshoot(
    output: Float[Tensor, "batch 3 height width"],
    least: Float[Tensor, "batch 3 height width"],
    greatest: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, ""]:
    """How far `output` leaves a range, on average of all pixels: halos along edges do."""
    return ((output - greatest).clamp_min(0) + (least - output).clamp_min(0)).mean()


def find_psnr(
    output: Float[Tensor, "batch 3 height width"], target: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    """Peak signal-to-noise ratio of each picture in dB, after clipping to [-1, 1]."""
    error = (output.clamp(-1, 1) - target).square().mean((1, 2, 3)) / 4
    return -10 * error.clamp_min(1e-10).log10()


def crop_face(pictures: Tensor) -> Tensor:
    """The part from brows to chin of an FFHQ crop."""
    n = pictures.shape[-1]
    return pictures[..., round(n * 0.35) : round(n * 0.85), n // 4 : n - n // 4]
