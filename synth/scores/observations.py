"""What a scorecard needs to see in each frame, and the protocol of whoever can see it.

`synth` measures and never looks for faces itself: an observer from `embed` is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from synth.scores.acd import Embeddings
from synth.scores.expression import Landmarks
from synth.types import Frames


@dataclass(frozen=True, eq=False)
class FaceObservations:
    """Per frame, NaN rows without a face: embeddings [frame, dim], landmarks [frame, 68, 2] in
    pixels."""

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
    """An observer that reads models when it first needs them, and can make sure of them before."""

    def fetch_models(self) -> None:
        """Find, or download, and verify every model; raises what is wrong with one."""
        ...
