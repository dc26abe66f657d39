"""Who turns picture files into latents, passed into the motion: `synth` knows no encoder.

`embed.projection` has one for any generator (P-Net, L-BFGS) and one for faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from synth.generators.base import Generator
from synth.progress import Report, ignore_progress
from synth.types import WPlus


@runtime_checkable
class PictureProjector(Protocol):
    """Files -> W+."""

    def check(self, paths: Sequence[str], report: Report = ignore_progress) -> None:
        """What can be wrong without a generator: raises ValueError or OSError naming the file."""
        ...

    def project(
        self, paths: Sequence[str], generator: Generator, report: Report = ignore_progress
    ) -> WPlus:
        """W+ [picture, layer, w_dim] on the CPU. Raises ValueError or OSError naming the file."""
        ...
