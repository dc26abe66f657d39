"""Motion of one film for another face: masked rows of its latents (thesis, 4.3).

In: latents of a film's frames, in order, with `times_s` (as scripts.invert_video writes them), and
a face. Out: a keyframe per frame. Needs no directions, so that every generator can do it.

Symbols: f the face, s_k the film's frame k, M the mask. Relative: f + M (s_k - s_0), the face as it
is, moved as the film moves. Otherwise f + M (s_k - f): the rows themselves, as in the thesis.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
import torch

from synth.faces.face import Face
from synth.faces.latents import load_latents, load_times
from synth.motion.base import Plan, Scene
from synth.motion.interpolation import Interpolation
from synth.motion.keyframe_motion import plan_keyframes
from synth.motion.keyframes import Keyframes
from synth.motion.masks import MASKS, LayerMask
from synth.types import Rows


@dataclass(frozen=True)
class CopiedMotion:
    """A Motion: that of the film whose latents are in a file.

    relative: add the film's changes since its first frame; else copy its rows. A file without
    times has a frame every `gap` seconds (None: by `interpolation`). `loop` returns to the first
    frame in the time between two.
    """

    latents: str
    relative: bool = True
    loop: bool = False
    gap: float | int | None = None
    mask: LayerMask = MASKS["pose"]
    interpolation: Interpolation = field(default_factory=Interpolation)

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The face in motion, what the mask opens of it.

        Raises OSError or ValueError naming the file when it holds no film for this generator.
        """
        film = load_latents(self.latents, face.generator)
        if len(film) < 2:
            raise ValueError(f"{self.latents}: needs at least 2 frames for a motion; got 1")
        times_s = self._find_times(len(film), scene.fps)
        record = asdict(self)
        record.pop("interpolation")
        return plan_keyframes(
            self._make_keyframes(face.rows.cpu(), film, times_s),
            self.interpolation,
            scene.fps,
            {"motion": record},
        )

    def _make_keyframes(self, face: Rows, film: torch.Tensor, times_s: np.ndarray) -> Keyframes:
        origin = film[0] if self.relative else face
        changes = torch.stack([self.mask.apply(frame - origin) for frame in film])
        count = len(film)
        return Keyframes(
            w_plus=face + changes,
            times_s=tuple(times_s.tolist()),
            holds_s=(0.0,) * count,
            labels=tuple(f"frame {k}" for k in range(count)),
            easings=(None,) * count,
            closing_s=float(np.diff(times_s).mean()) if self.loop else None,
        )

    def _find_times(self, count: int, fps: float | int) -> np.ndarray:
        """Seconds of each frame, from 0 on."""
        times_s = load_times(self.latents) if self.gap is None else None
        if times_s is None:
            gap_s = self.interpolation.find_gap_s(fps) if self.gap is None else float(self.gap)
            times_s = np.arange(count) * gap_s
        good = times_s.shape == (count,) and times_s.dtype.kind in "fiu"
        if not good or not np.isfinite(times_s).all() or not (np.diff(times_s) > 0).all():
            raise ValueError(
                f"{self.latents}: needs `times_s` of {count} frames, in seconds that rise, and a "
                f"gap above 0; got shape {times_s.shape}; try the latents.npz of "
                "scripts.invert_video"
            )
        return times_s - times_s[0]
