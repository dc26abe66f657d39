"""Tensor aliases with named dimensions, value ranges, and the one conversion between them.

Dimension words, fixed once for the whole project: batch, frame, keyframe, layer, w_dim,
height, width, emotion. Network images are float NCHW, nominally in [-1, 1] and not clipped by
the generator; video frames are uint8 NHWC.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

Z = Float[Tensor, "batch z_dim"]
WPlus = Float[Tensor, "batch layer w_dim"]
#: One face or direction: a row of w per layer of the generator.
Rows = Float[Tensor, "layer w_dim"]
Images = Float[Tensor, "batch 3 height width"]
#: Matrices that take a place of the new picture to the one of the old: homogeneous coordinates, in
#: picture widths from the centre, x to the right and y down.
Transforms = Float[Tensor, "#batch 3 3"]
OneTransform = Float[Tensor, "3 3"]
#: Seconds from the start of a film, one for each frame.
Times = Float[Tensor, "frame"]
Frames = UInt8[np.ndarray, "frame height width 3"]
#: One picture of a page: RGB.
Picture = UInt8[np.ndarray, "page_height page_width 3"]


def to_frames(images: Images) -> Frames:
    """Network images in [-1, 1], NCHW -> uint8 frames, NHWC; values outside are clipped.

    Raises ValueError when an image holds NaN or infinity.
    """
    if not torch.isfinite(images).all():
        raise ValueError(
            "needs finite pixel values; got NaN or infinity from the generator; "
            "try precision=fp32, and check the latents for NaN"
        )
    scaled = images.detach().float().mul(127.5).add_(127.5).round_().clamp_(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_images(frames: Frames) -> Images:
    """uint8 frames, NHWC -> float network images in [-1, 1], NCHW (a copy)."""
    tensor = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)
    return tensor.float().div_(127.5).sub_(1)
