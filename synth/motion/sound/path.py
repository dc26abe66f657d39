"""A path through W+ that a sound leads.

Symbols: tau the step between turns (synth/motion/sound/turns.py), x(tau) the way through what each
turn shows, r(tau) the way through the same at rest, g intensity, s sway, d its direction.

    W+ = r(tau) + g (x(tau) - r(tau)) + s d
    g = h (1 - l + l loudness) (1 + p pulses)

h is presence, 0 in silence; l and p are those of DriveSettings. Where loudness
drives nothing, l = 0 and h = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from synth.motion.interpolation import KeyframePath
from synth.motion.sound.drive import Drive
from synth.motion.sound.turns import Turns
from synth.types import Rows, Times, WPlus


@dataclass(frozen=True, eq=False)
class SoundPath:
    """A LatentPath: `full` and `rest` are paths over tau, one keyframe a step.

    loudness, pulse: l (None: loudness drives nothing) and p above.
    direction: s = 1 adds it [layer, w_dim].
    """

    turns: Turns
    drive: Drive
    full: KeyframePath
    rest: KeyframePath
    direction: Rows
    loudness: float | None
    pulse: float
    closed: bool = False

    @property
    def duration_s(self) -> float:
        """As long as the sound."""
        return self.turns.turns[-1].time_s

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]."""
        seconds = times_s.double().cpu().numpy().clip(0, self.duration_s)
        steps = torch.from_numpy(self.turns.find_steps(seconds))
        rest = self.rest(steps)
        gains = torch.from_numpy(self.find_intensity(seconds)).to(rest)[:, None, None]
        sway = torch.from_numpy(self.drive.read("sway", seconds)).to(rest)[:, None, None]
        return rest + gains * (self.full(steps) - rest) + sway * self.direction.to(rest)

    def find_intensity(self, seconds: np.ndarray) -> np.ndarray:
        """g at these times."""
        loud = np.ones(len(seconds))
        if self.loudness is not None:
            loud = 1 - self.loudness + self.loudness * self.drive.read("loudness", seconds)
            loud = loud * self.drive.read("presence", seconds)
        return loud * (1 + self.pulse * self.drive.read("pulses", seconds))
