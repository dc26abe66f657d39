"""A clip's way through W+: frames, shares and rows come together, for the times asked for only."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from synth.motion.footage.classes import ClassCurve
from synth.motion.footage.clip import Clip
from synth.motion.footage.latents import FrameLatents
from synth.motion.footage.rows import RowMaker
from synth.types import Times, WPlus


@dataclass(frozen=True, eq=False)
class FootagePath:
    """A LatentPath, open at its ends; between two frames of a shot it goes straight.

    curve: None where the generator has neither classes nor emotions.
    """

    clip: Clip
    latents: FrameLatents
    curve: ClassCurve | None
    rows: RowMaker
    duration_s: float
    closed: bool = False

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]."""
        wanted_s = times_s.double().cpu().numpy().clip(0, max(self.duration_s, 0.0))
        before, after, share = self.clip.locate(wanted_s)
        way = share[:, None]
        z = (1 - way) * self.latents(before) + way * self.latents(after)
        shares = None
        if self.curve is not None:
            shares = torch.from_numpy(self.curve(wanted_s, self.clip.shots[before]))
        return self.rows(torch.from_numpy(z), shares)
