"""Normal numbers and normal numbers cut to [-2, 2] (the truncation trick of Brock et al. 2019).

The seam's z is standard normal. Whoever thinks in numbers within [-2, 2], as BigGAN and those who
steer it do, goes there and back by quantiles: the order of numbers stays, and none is lost.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: z lies within so many standard deviations.
BOUND = 2.0
#: At the bounds themselves a standard normal number would be infinite.
_LARGEST = 0.999 * BOUND


def truncate_normal(z: Tensor) -> Tensor:
    """Standard normal numbers -> numbers of the normal distribution cut to [-2, 2], in order."""
    low, high = _find_shares()
    share = torch.special.ndtr(z.double())
    return torch.special.ndtri(low + share * (high - low)).clamp(-BOUND, BOUND).to(z.dtype)


def extend_normal(bounded: Tensor) -> Tensor:
    """Numbers in [-2, 2] -> the standard normal numbers that `truncate_normal` takes back there."""
    low, high = _find_shares()
    share = torch.special.ndtr(bounded.double().clamp(-_LARGEST, _LARGEST))
    return torch.special.ndtri((share - low) / (high - low)).to(bounded.dtype)


def _find_shares() -> tuple[Tensor, Tensor]:
    """The share of a normal distribution below each bound."""
    low, high = (torch.special.ndtr(torch.tensor(x, dtype=torch.float64)) for x in (-BOUND, BOUND))
    return low, high
