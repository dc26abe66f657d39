"""Average content distance: how well a video keeps one person, as pure functions of embeddings.

Symbols: e_t the face embedding of frame t; d(a, b) = ||e_a - e_b||_2. A frame without a face is a
row of NaN, and takes part in nothing.

    consecutive ACD = mean of d(t, t+1) over neighbours that both show a face   (thesis, 4.8)
    pairwise ACD    = mean of d(a, b) over all pairs a < b with a face          (MoCoGAN, 2018)

A clip whose frames are all the same scores exactly 0. What a number means depends on the encoder:
its name travels with the number. Definitions and limits: docs/scorecard.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import cdist

from synth.faces.observers import Embeddings

PerFrame = Float[np.ndarray, " frame"]

#: Rows of the distance table that are held at once.
PAIR_BLOCK = 512


@dataclass(frozen=True)
class ContentDistance:
    """ACD of one clip. None where no pair of frames shows a face; `encoder` made the vectors."""

    consecutive: float | None
    pairwise: float | None
    frame_count: int
    frames_without_face: tuple[int, ...]
    encoder: str


def compute_acd(embeddings: Embeddings, encoder: str) -> ContentDistance:
    """Both distances of one clip's embeddings [frame, dim], in order, NaN rows without a face.

    Raises ValueError for no frames, or a row that is NaN only in part or infinite.
    """
    has_face = find_faces(embeddings)
    return ContentDistance(
        consecutive=compute_consecutive_acd(embeddings),
        pairwise=compute_pairwise_acd(embeddings),
        frame_count=len(embeddings),
        frames_without_face=tuple(int(k) for k in np.flatnonzero(~has_face)),
        encoder=encoder,
    )


def compute_consecutive_acd(embeddings: Embeddings) -> float | None:
    """Mean distance of neighbouring frames; a gap without a face is left out, not bridged."""
    has_face = find_faces(embeddings)
    both = has_face[:-1] & has_face[1:]
    if not both.any():
        return None
    steps = np.linalg.norm(np.diff(embeddings.astype(np.float64), axis=0)[both], axis=1)
    return float(steps.mean())


def compute_pairwise_acd(embeddings: Embeddings) -> float | None:
    """Mean distance of all pairs of frames with a face; memory grows with frames, not pairs."""
    faces = embeddings[find_faces(embeddings)].astype(np.float64)
    count = len(faces)
    if count < 2:
        return None
    total = sum(
        float(cdist(faces[start : start + PAIR_BLOCK], faces).sum())
        for start in range(0, count, PAIR_BLOCK)
    )
    return total / (count * (count - 1))


def compute_distance_to_first(embeddings: Embeddings) -> PerFrame:
    """Distance of each frame to the first frame that shows a face [frame]; NaN without a face."""
    has_face = find_faces(embeddings)
    if not has_face.any():
        return np.full(len(embeddings), np.nan)
    vectors = embeddings.astype(np.float64)
    return np.linalg.norm(vectors - vectors[has_face.argmax()], axis=1)


def find_faces(embeddings: Embeddings) -> Bool[np.ndarray, " frame"]:
    """True for the frames that show a face; raises ValueError for rows that are neither."""
    if not len(embeddings):
        raise ValueError("needs the embedding of at least one frame; got none")
    missing = np.isnan(embeddings)
    partly = missing.any(axis=1) & ~missing.all(axis=1)
    broken = partly | np.isinf(embeddings).any(axis=1)
    if broken.any():
        raise ValueError(
            f"needs rows that are finite or wholly NaN; got others in frames "
            f"{np.flatnonzero(broken)[:5].tolist()}"
        )
    return np.logical_not(missing.any(axis=1))
