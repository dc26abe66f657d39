"""Who looks at faces: finds them in frames, tells persons apart, marks points. Protocols only.

`synth` never looks for faces itself: an observer from `embed` is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from synth.types import Frames

#: One vector for each frame, close together for the same person; NaN rows without a face.
Embeddings = Float[np.ndarray, "frame dim"]
#: The 68 points of iBUG 300-W in pixels; NaN rows without a face.
Landmarks = Float[np.ndarray, "frame 68 2"]


@runtime_checkable
class FaceEncoder(Protocol):
    """Faces -> vectors that lie close together for the same person."""

    #: Goes into files beside every number that it made.
    name: str

    def encode(self, frames: Frames) -> Embeddings:
        """uint8 RGB frames [frame, height, width, 3] -> [frame, dim], NaN rows without a face."""
        ...


@dataclass(frozen=True, eq=False)
class FaceObservations:
    """What was seen in each frame."""

    embeddings: Embeddings
    landmarks: Landmarks


@runtime_checkable
class FaceObserver(Protocol):
    """Finds the main face of each frame, embeds it and marks its points."""

    #: Goes into the scorecard beside every number it made.
    name: str

    def observe(self, frames: Frames) -> FaceObservations:
        """uint8 RGB frames [frame, height, width, 3] -> observations of each."""
        ...


@runtime_checkable
class NeedsModels(Protocol):
    """Somebody who reads models when first needed, and can make sure of them before."""

    def fetch_models(self) -> None:
        """Find, or download, and verify every model; raises what is wrong with one."""
        ...


def fetch_models(*parts: object) -> None:
    """Have all of these that read models make sure of them; raises what is wrong with one."""
    for part in parts:
        if isinstance(part, NeedsModels):
            part.fetch_models()


def need_encoder(observer: object, setting: str) -> FaceEncoder:
    """The observer as who tells persons apart. Raises ValueError for one that does not, or none."""
    if not isinstance(observer, FaceEncoder):
        raise ValueError(f"needs a face encoder for {setting}; got none; try scorecard=dlib")
    return observer


def find_distances(
    encoder: FaceEncoder, frames: Frames, embeddings: Float[np.ndarray, "#frame d"]
) -> Float[np.ndarray, " frame"]:
    """How far each face is from its embedding, or from the one of all; NaN where none is found."""
    return np.linalg.norm(encoder.encode(frames) - embeddings, axis=1)
