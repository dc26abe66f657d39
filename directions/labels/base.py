"""The seam for labels: every source of latents whose emotions are known."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from directions.fitting.samples import LabelledLatents
from synth.generators.base import Generator
from synth.progress import Report, ignore_progress


@runtime_checkable
class LabelSource(Protocol):
    """Labelled latents for a generator; costs nothing until it is asked."""

    @property
    def about(self) -> str:
        """Where the labels come from, for the card."""
        ...

    def load_labels(
        self, generator: Generator, report: Report = ignore_progress
    ) -> LabelledLatents:
        """Read, draw or measure them. Raises ValueError or OSError for what cannot be had."""
        ...
