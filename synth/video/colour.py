"""RGB frames <-> the luma and chroma of video, in our own arithmetic, each way rounded once.

With r, g, b in 0..1 and the weights KR, KB of a standard (BT.709: 0.2126, 0.0722):

    y  = KR r + (1 - KR - KB) g + KB b,   cb = (b - y) / (2 - 2 KB),   cr = (r - y) / (2 - 2 KR)
    limited range: Y = 16 + 219 y, Cb = 128 + 224 cb;   full range: Y = 255 y, Cb = 128 + 255 cb

We write BT.709 in limited range. Chroma has half the size in both directions, each sample the mean
of four pixels and so in their middle, where most players take it to be; the stream says so.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

BT709 = (0.2126, 0.0722)
BT601 = (0.299, 0.114)
#: Weights (KR, KB) by the code of ISO/IEC 23091-2 that a stream is tagged with.
WEIGHTS = {1: BT709, 4: (0.3, 0.11), 5: BT601, 6: BT601, 7: (0.212, 0.087), 9: (0.2627, 0.0593)}


def convert_to_yuv420p(
    frame: UInt8[np.ndarray, "height width 3"],
) -> UInt8[np.ndarray, "rows width"]:
    """uint8 RGB with even sides -> Y, Cb, Cr below one another [height * 3 / 2, width], uint8."""
    height, width = frame.shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"needs even sides for 4:2:0; got {width}x{height}; try pad_to_even")
    matrix = make_matrix(BT709, full_range=False)
    luma = cv2.transform(frame, matrix[:1])
    half = cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    chroma = cv2.transform(half, matrix[1:])
    planes = [luma.reshape(-1), chroma[..., 0].reshape(-1), chroma[..., 1].reshape(-1)]
    return np.concatenate(planes).reshape(height * 3 // 2, width)


def convert_to_rgb(
    planes: UInt8[np.ndarray, "3 height width"], weights: tuple[float, float], full_range: bool
) -> UInt8[np.ndarray, "height width 3"]:
    """Y, Cb, Cr, all of full size -> uint8 RGB; out-of-range colours are clipped."""
    forward = make_matrix(weights, full_range)
    inverse = np.linalg.inv(forward[:, :3])
    return cv2.transform(cv2.merge(list(planes)), np.hstack([inverse, -inverse @ forward[:, 3:]]))


def make_matrix(weights: tuple[float, float], full_range: bool) -> Float[np.ndarray, "3 4"]:
    """Rows for Y, Cb, Cr; columns for R, G, B in 0-255, and the offset."""
    kr, kb = weights
    luma = np.array([kr, 1 - kr - kb, kb])
    blue = (np.array([0, 0, 1]) - luma) / (2 - 2 * kb)
    red = (np.array([1, 0, 0]) - luma) / (2 - 2 * kr)
    scale = np.array([255, 255, 255] if full_range else [219, 224, 224])[:, None] / 255
    offset = np.array([[0 if full_range else 16], [128], [128]])
    return np.hstack([np.stack([luma, blue, red]) * scale, offset])
