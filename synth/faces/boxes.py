"""Boxes around faces, and how far two of them are the same place.

A box is left, top, right, bottom in pixels, the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Box = Float[np.ndarray, "4"]

#: Overlap from which two boxes are one face: of one picture, or of two neighbouring ones.
SAME_FACE_OVERLAP = 0.3


def compute_overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1; 0 for boxes without area."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    union = measure_area(one) + measure_area(other) - shared
    return shared / union if union > 0 else 0.0


def measure_area(box: Box) -> float:
    """Square pixels of a box."""
    return float(np.prod(np.maximum(box[2:] - box[:2], 0)))
