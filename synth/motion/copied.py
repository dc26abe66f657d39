"""Motion of one film for another face: masked rows of its latents (thesis, 4.3).

In: latents of a film's frames, in order, with `times_s` (as scripts.invert_video writes them), and
a face. Out: a keyframe per frame. Needs no directions, so that every generator can do it.

Symbols: f the face, s_k the film's frame k, M the mask. Relative: f + M (s_k - s_0), the face as it
is, moved as the film moves. Otherwise f + M (s_k - f): the rows themselves, as in the thesis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from synth.faces.latents import load_latents
from synth.generators.base import Generator
from synth.motion.emotion_track import DEFAULT_GAP_S
from synth.motion.keyframes import Keyframes
from synth.motion.masks import LayerMask
from synth.storage.arrays import load_arrays
from synth.types import Rows


@dataclass(frozen=True)
class FaceMotion:
    """The motion of the film whose latents are in a file.

    relative: add the film's changes since its first frame; else copy its rows. A file without
    times has a frame every `gap` seconds (None: `default_gap_s`). `loop` returns to the first
    frame in the time between two.
    """

    latents: str
    relative: bool = True
    loop: bool = False
    gap: float | int | None = None
    default_gap_s: float | int = DEFAULT_GAP_S

    def make_keyframes(self, face: Rows, generator: Generator, mask: LayerMask) -> Keyframes:
        """`face` [layer, w_dim] in motion, what the mask opens of it.

        Raises OSError or ValueError naming the file when it holds no film for this generator.
        """
        film = load_latents(self.latents, generator)
        if len(film) < 2:
            raise ValueError(f"{self.latents}: needs at least 2 frames for a motion; got 1")
        times_s = self._load_times(len(film))
        face = face.cpu()
        origin = film[0] if self.relative else face
        changes = torch.stack([mask.apply(frame - origin) for frame in film])
        count = len(film)
        return Keyframes(
            w_plus=face + changes,
            times_s=tuple(times_s.tolist()),
            holds_s=(0.0,) * count,
            labels=tuple(f"frame {k}" for k in range(count)),
            easings=(None,) * count,
            closing_s=float(np.diff(times_s).mean()) if self.loop else None,
        )

    def _load_times(self, count: int) -> np.ndarray:
        """Seconds of each frame, from 0 on."""
        gap_s = self.default_gap_s if self.gap is None else self.gap
        times_s = np.arange(count) * float(gap_s)
        if self.gap is None and self.latents.lower().endswith(".npz"):
            times_s = load_arrays(self.latents, ("times_s",)).get("times_s", times_s)
        good = times_s.shape == (count,) and times_s.dtype.kind in "fiu"
        if not good or not np.isfinite(times_s).all() or not (np.diff(times_s) > 0).all():
            raise ValueError(
                f"{self.latents}: needs `times_s` of {count} frames, in seconds that rise, and a "
                f"gap above 0; got shape {times_s.shape}; try the latents.npz of "
                "scripts.invert_video"
            )
        return times_s - times_s[0]
