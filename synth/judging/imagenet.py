"""What networks that were trained on ImageNet take: pictures of mean 0 and deviation 1."""

from __future__ import annotations

import torch

from synth.types import Images

#: ImageNet's mean and deviation per channel, of pictures in [0, 1].
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def normalize_for_imagenet(images: Images) -> Images:
    """[-1, 1] -> what networks trained on ImageNet take: mean 0 and deviation 1 per channel."""
    mean = torch.tensor(MEAN, device=images.device, dtype=images.dtype)[:, None, None]
    deviation = torch.tensor(DEVIATION, device=images.device, dtype=images.dtype)[:, None, None]
    return (images - (2 * mean - 1)) / (2 * deviation)
