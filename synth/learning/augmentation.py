"""Chance changes to training pictures, so that a network learns not to care for them.

Pictures are [batch, 3, n, n] in [-1, 1]; all chance comes from the generator that is given.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from synth.types import Images, to_frames, to_images


def jitter_colours(images: Images, random: torch.Generator, strength: float) -> Images:
    """Brightness, contrast and hue changed, each picture by itself; strength 1 is plainly seen."""
    count = len(images)
    contrast = 1 + 0.3 * strength * _draw(count, random)
    brightness = 0.2 * strength * _draw(count, random)
    mixing = torch.randn(count, 3, 3, generator=random) * 0.06 * strength + torch.eye(3)
    mixed = torch.einsum("bij,bjhw->bihw", mixing, images)
    return mixed * contrast[:, None, None, None] + brightness[:, None, None, None]


def soften(images: Images, random: torch.Generator, share: float, smallest_px: int) -> Images:
    """Of a share of the batch, as much detail lost as pictures of some lower size lack."""
    n, count = images.shape[-1], round(share * len(images))
    if not count or smallest_px >= n:
        return images
    low = int(torch.randint(smallest_px, n, (), generator=random))
    small = F.interpolate(images[:count], (low, low), mode="bilinear", antialias=True)
    soft = F.interpolate(small, (n, n), mode="bicubic", align_corners=False)
    return torch.cat([soft, images[count:]])


def add_grain(images: Images, random: torch.Generator, largest: float) -> Images:
    """Noise of another strength in every picture, none in half of them."""
    strength = _draw(len(images), random).clamp_min(0) * largest
    return images + torch.randn(images.shape, generator=random) * strength[:, None, None, None]


def compress(images: Images, random: torch.Generator, share: float, worst: int) -> Images:
    """A share of the batch through JPEG, each at a quality of its own from `worst` to 95."""
    count = round(share * len(images))
    if not count:
        return images
    qualities = torch.randint(worst, 96, (count,), generator=random).tolist()
    frames = np.stack(
        [
            _through_jpeg(frame, quality)
            for frame, quality in zip(to_frames(images[:count]), qualities, strict=True)
        ]
    )
    return torch.cat([to_images(frames), images[count:]])


def move_slightly(images: Images, random: torch.Generator, strength: float) -> Images:
    """Each picture turned, scaled and shifted by a few degrees and percent, edges repeated."""
    count = len(images)
    angle = 0.12 * strength * _draw(count, random)
    scale = 1 + 0.08 * strength * _draw(count, random)
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    shift_x, shift_y = (0.05 * strength * _draw(count, random) for _ in range(2))
    rows = (cosine, -sine, shift_x), (sine, cosine, shift_y)
    theta = torch.stack([torch.stack(row, 1) for row in rows], 1)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def mirror_half(images: Images) -> Images:
    """The second half of the batch mirrored left to right."""
    half = len(images) // 2
    return torch.cat([images[:half], images[half:].flip(3)])


def cut_and_resize(
    images: Images, random: torch.Generator, least: float, size_px: int
) -> Float[Tensor, "batch 3 rows columns"]:
    """One random square of at least the share `least` of the side, brought to `size_px`."""
    n = images.shape[-1]
    side = int(torch.randint(round(least * n), n + 1, (), generator=random))
    top, left = (int(torch.randint(0, n - side + 1, (), generator=random)) for _ in range(2))
    part = images[..., top : top + side, left : left + side]
    return F.interpolate(part, (size_px, size_px), mode="bilinear", antialias=True)


def _through_jpeg(frame: np.ndarray, quality: int) -> np.ndarray:
    coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None, "what was just encoded can be decoded"
    return decoded[..., ::-1]


def _draw(count: int, random: torch.Generator) -> Tensor:
    """Numbers from -1 to 1."""
    return torch.rand(count, generator=random) * 2 - 1
