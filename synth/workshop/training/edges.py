"""How generated pictures cross a strong edge, against the render's own crossing.

At the strongest edges of a render (silhouettes, hair, lips) brightness and colour are read along a
line across the edge, in both pictures. Told are, as shares of the edges' height, summed over
edges: `overshoot`, how far the generated brightness leaves the range of the render's on the way
(ringing); `fringe`, how far its colour gets from all colours that the render shows there or passes
through (coloured seams; plain blur has none); and `width`, the generated distance from 10 to 90 %
of the height over the render's (1 is as sharp).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from synth.types import Images

#: Pixels on each side of the edge, samples a pixel, and edges looked at in each picture.
REACH_PX, PER_PX, EDGES = 6, 4, 64
#: An edge is at least this share as steep as the steepest of its picture.
STRONG = 0.3
#: Colour is compared this close to an edge.
NEAR_PX = 3
#: Rec. 601: rows for brightness, blue and red difference.
_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


@dataclass(frozen=True)
class EdgeFigures:
    """Means over all edges; 0, 0 and 1 for equal pictures."""

    overshoot: float
    fringe: float
    width: float


def split_colours(images: Images) -> Float[Tensor, "batch 3 height width"]:
    """RGB -> brightness and two differences of colour, on the same scale."""
    return torch.einsum("ij,bjhw->bihw", torch.tensor(_YCC, device=images.device), images)


def measure_edges(output: Images, target: Images) -> EdgeFigures:
    """Of `output` against renders; both [batch, 3, n, n] in [-1, 1], n of 32 or more."""
    output, target = split_colours(output.float()), split_colours(target.float())
    lines, counts = find_lines(target[:, :1])
    found, truth = (
        F.grid_sample(x, lines, mode="bilinear", padding_mode="border", align_corners=False)
        for x in (output, target)
    )
    low, high = (find(truth[:, 0]) for find in (_find_least, _find_most))
    height = (high - low).clamp_min(1e-6) * counts[..., None]
    beyond = torch.maximum(_find_most(found[:, 0]) - high, low - _find_least(found[:, 0]))
    near = slice((REACH_PX - NEAR_PX) * PER_PX, (REACH_PX + NEAR_PX) * PER_PX + 1)
    colour = find_strangeness(found[..., near], truth).amax(-1, keepdim=True)
    shares = [(x[:, 0] - low) / (high - low).clamp_min(1e-6) for x in (found, truth)]
    widths = [(_measure_width(share) * counts).sum() for share in shares]
    weights, total = counts[..., None], height.sum().clamp_min(1e-6)
    return EdgeFigures(
        overshoot=float((beyond.clamp_min(0) * weights).sum() / total),
        fringe=float((colour * weights).sum() / total),
        width=float(widths[0] / widths[1].clamp_min(1e-6)),
    )


def find_lines(brightness: Float[Tensor, "batch 1 n n"]) -> tuple[Tensor, Tensor]:
    """Lines across the strongest edges of each picture.

    -> sampling points in grid_sample's coordinates [batch, edge, sample, 2], and 1 for an edge, 0
    where a picture has fewer [batch, edge].
    """
    n, margin = brightness.shape[-1], REACH_PX + 2
    kernel = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]], device=brightness.device) / 8
    down = F.conv2d(brightness, kernel[None, None])
    right = F.conv2d(brightness, kernel.T[None, None])
    strength = (down.square() + right.square()).sqrt()
    # Only the crest of an edge, and far enough from the border for whole lines.
    crest = strength * (strength == F.max_pool2d(strength, 3, 1, 1))
    crest[..., : margin - 1, :] = crest[..., n - margin - 1 :, :] = 0
    crest[..., : margin - 1] = crest[..., n - margin - 1 :] = 0
    found, places = crest.flatten(1).topk(min(EDGES, crest[0].numel()))
    counts = (found > STRONG * found[:, :1]).float()
    side = strength.shape[-1]
    slope = torch.stack([right.flatten(1).gather(1, places), down.flatten(1).gather(1, places)], -1)
    # The kernels fall to the right and down, so the way up is against their sign.
    normal = -slope / slope.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    centre = torch.stack([places % side, places // side], -1) + 1.5
    steps = torch.linspace(-REACH_PX, REACH_PX, 2 * REACH_PX * PER_PX + 1, device=centre.device)
    points = centre[:, :, None] + steps[:, None] * normal[:, :, None]
    return points / n * 2 - 1, counts


def find_strangeness(
    found: Float[Tensor, "batch 3 edge near"], truth: Float[Tensor, "batch 3 edge sample"]
) -> Float[Tensor, "batch edge near"]:
    """How far the blue and red differences are from the nearest colour on the render's way."""
    start, way = truth[..., None, :-1], (truth[..., 1:] - truth[..., :-1])[..., None, :]
    gap = found[..., None] - start
    share = (gap * way).sum(1, keepdim=True) / way.square().sum(1, keepdim=True).clamp_min(1e-12)
    gap = gap - share.clamp(0, 1) * way
    nearest = gap.square().sum(1).argmin(-1, keepdim=True)
    return gap[:, 1:].norm(dim=1).gather(-1, nearest)[..., 0]


def _find_least(lines: Tensor) -> Tensor:
    return lines.amin(-1, keepdim=True)


def _find_most(lines: Tensor) -> Tensor:
    return lines.amax(-1, keepdim=True)


def _measure_width(share: Tensor) -> Tensor:
    """Shares of an edge's height -> pixels [batch, edge] from 10 % to 90 % of it."""
    between = (share > 0.1) & (share < 0.9)
    middle = share.shape[-1] // 2
    # Only what joins up with the middle: other edges may lie on the line.
    before = between[..., :middle].flip(-1).cumprod(-1).sum(-1)
    after = between[..., middle:].cumprod(-1).sum(-1)
    return (before + after + 1).float() / PER_PX
