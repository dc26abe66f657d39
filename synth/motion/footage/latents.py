"""Clip -> a latent for each of its frames, numbers in [-2, 2] (Abate and Unger, 2.4).

Three ways, by name:

    frame  z_i = the grey level at point i, scaled from (0, 255) to (-2, 2), smoothed over time
    noise  z' = z u (1 + v), v from 0 to 0.05 for each frame and number: numbers grow by `update`
           and a wobble until they reach 2 and then shrink likewise, so that z stays within
    sin    z = sin(z0 + a s): numbers swing, none ever leaves

Where the source lets noise run on by itself, here every step is a step of the clip's movement, s
(`Clip.steps`): a still scene stays still in all three, and each shot starts with another z0, a
normal number cut to [-2, 2] (drawn again where it lies outside).

z_i of a frame is taken off the frame's own mean and spread (`contrast`), which the source does not:
a dark film is -2 nearly everywhere, farther out than a network was ever trained, and all of its
frames are then one picture. Smoothing never reaches over a cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, get_args, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from synth.generators.bounded_normal import BOUND
from synth.motion.footage.clip import Clip
from synth.motion.footage.kinds import LatentKind, check_kind

BoundedLatents = Float[np.ndarray, "time z_dim"]
FrameNumbers = Int[np.ndarray, " time"]

#: Numbers of the noise grow and shrink between these.
LEAST, MOST = 0.1, BOUND
#: Frames whose wobble is drawn together, so that any frame can be asked for without those before.
BLOCK = 256
#: Spread of normal numbers cut to [-2, 2]; a picture's contrast is brought to it.
SPREAD = 0.88
#: Grey levels of spread below which a picture is flat, and is not made richer than it is.
LEAST_SPREAD = 16.0


@dataclass(frozen=True)
class LatentSettings:
    """How a clip becomes latents.

    kind: frame, noise or sin. seed: of noise and sin. psi: truncation, as of random faces.
    smoothing_s: of frame, standard deviation of the average over time. contrast: of frame, see the
    head of this file. update, wobble: of noise, for each step. turn: of sin, radians a step.
    Raises ValueError for values out of range.
    """

    kind: str = "frame"
    seed: int = 0
    psi: float | int = 0.7
    smoothing_s: float | int = 0.2
    contrast: bool = True
    update: float | int = 1.01
    wobble: float | int = 0.05
    turn: float | int = 0.1

    def __post_init__(self) -> None:
        check_kind("latents.kind", self.kind, get_args(LatentKind))
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"needs a seed from 0 to 2^32 - 1; got {self.seed}; try 0")
        if not 0 <= self.smoothing_s <= 60:
            raise ValueError(f"needs smoothing_s from 0 to 60; got {self.smoothing_s}; try 0.2")
        if not (1 <= self.update <= 2 and 0 <= self.wobble <= 1 and 0 <= self.turn <= math.pi):
            raise ValueError(
                "needs an update from 1 to 2, a wobble from 0 to 1 and a turn from 0 to pi; got "
                f"{self.update}, {self.wobble} and {self.turn}; try 1.01, 0.05 and 0.1"
            )


@runtime_checkable
class FrameLatents(Protocol):
    """Numbers of frames [time] -> z of each [time, z_dim] in [-2, 2]; in any order."""

    def __call__(self, frames: FrameNumbers) -> BoundedLatents:
        """The latents of these frames."""
        ...


def make_latents(clip: Clip, z_dim: int, settings: LatentSettings) -> FrameLatents:
    """The latents of a clip, by the settings' kind."""
    kinds = {"frame": GreyLatents, "noise": NoiseLatents, "sin": SineLatents}
    return kinds[settings.kind](clip, z_dim, settings)


@dataclass(frozen=True, eq=False)
class GreyLatents:
    """z out of the frames themselves."""

    clip: Clip
    z_dim: int
    settings: LatentSettings

    def __call__(self, frames: FrameNumbers) -> BoundedLatents:
        """Smoothed points of these frames, scaled."""
        levels = np.stack([self._smooth(int(frame)) for frame in frames])
        if self.settings.contrast:
            spread = levels.std(1, keepdims=True).clip(min=LEAST_SPREAD)
            z = (levels - levels.mean(1, keepdims=True)) / spread * SPREAD
        else:
            z = (levels / 127.5 - 1) * BOUND
        return z.clip(-BOUND, BOUND)

    def _smooth(self, frame: int) -> np.ndarray:
        """The Gaussian average around a frame, within its shot."""
        clip, deviation_s = self.clip, self.settings.smoothing_s
        if deviation_s == 0:
            return clip.points[frame].astype(np.float64)
        reach_s = 3 * deviation_s
        time_s = clip.times_s[frame]
        start, stop = np.searchsorted(clip.times_s, (time_s - reach_s, time_s + reach_s))
        near = np.arange(start, stop)
        near = near[clip.shots[near] == clip.shots[frame]]
        weights = np.exp(-0.5 * ((clip.times_s[near] - time_s) / deviation_s) ** 2)
        return weights @ clip.points[near].astype(np.float64) / weights.sum()


class NoiseLatents:
    """z out of a seed: numbers that grow and shrink as the clip moves.

    With x = log |z|, growing is a sum, and turning back at the bounds folds that sum, so that any
    frame's z is known without those before; the sums are kept for every `BLOCK`-th frame.
    """

    def __init__(self, clip: Clip, z_dim: int, settings: LatentSettings) -> None:
        self._clip, self._z_dim, self._settings = clip, z_dim, settings
        self._moved = np.diff(clip.steps, prepend=0.0)
        sums = [np.zeros(z_dim)]
        for block in range(math.ceil(len(clip.times_s) / BLOCK)):
            sums.append(sums[-1] + self._grow(block).sum(0))
        self._sums = np.stack(sums)
        starts = np.array([shot.start for shot in clip.list_shots()])
        self._begun = self._sum_up(starts)

    def __call__(self, frames: FrameNumbers) -> BoundedLatents:
        """The latents of these frames."""
        shots = self._clip.shots[frames]
        starts = [draw_start(self._settings.seed, int(shot), self._z_dim) for shot in shots]
        z, ways = (np.stack(parts) for parts in zip(*starts, strict=True))
        grown = self._sum_up(frames) - self._begun[shots]
        low, high = math.log(LEAST), math.log(MOST)
        logs = np.log(np.abs(z).clip(LEAST, MOST)) + ways * grown
        # There and back between the bounds: a triangle wave of twice their distance.
        phase = np.mod(logs - low, 2 * (high - low))
        return np.sign(z) * np.exp(low + np.minimum(phase, 2 * (high - low) - phase))

    def _grow(self, block: int) -> np.ndarray:
        """By how much log |z| grows in each frame of a block [frame, z_dim]."""
        frames = slice(block * BLOCK, min((block + 1) * BLOCK, len(self._moved)))
        random = np.random.default_rng([self._settings.seed, 1, block])
        wobble = random.uniform(0, self._settings.wobble, (BLOCK, self._z_dim))
        moved = self._moved[frames, None]
        return moved * np.log(self._settings.update * (1 + wobble[: len(moved)]))

    def _sum_up(self, frames: FrameNumbers) -> np.ndarray:
        """Growth from the clip's beginning to these frames, theirs included [time, z_dim]."""
        found = np.empty((len(frames), self._z_dim))
        for block in np.unique(frames // BLOCK).tolist():
            here = frames // BLOCK == block
            within = self._grow(block).cumsum(0)
            found[here] = self._sums[block] + within[frames[here] - block * BLOCK]
        return found


@dataclass(frozen=True, eq=False)
class SineLatents:
    """z out of a seed: sin of a number that grows as the clip moves."""

    clip: Clip
    z_dim: int
    settings: LatentSettings

    def __call__(self, frames: FrameNumbers) -> BoundedLatents:
        """The latents of these frames."""
        shots = self.clip.shots[frames]
        z = np.stack([draw_start(self.settings.seed, int(shot), self.z_dim)[0] for shot in shots])
        return np.sin(z + self.settings.turn * self.clip.steps[frames, None])


def draw_start(
    seed: int, shot: int, z_dim: int
) -> tuple[Float[np.ndarray, " z_dim"], Float[np.ndarray, " z_dim"]]:
    """A shot's first latent, normal and drawn again outside [-2, 2]; and 1 or -1 for each number:
    whether it grows or shrinks first."""
    random = np.random.default_rng([seed, 0, shot])
    z = random.standard_normal(z_dim)
    while (outside := np.abs(z) > BOUND).any():
        z[outside] = random.standard_normal(int(outside.sum()))
    return z, random.choice([-1.0, 1.0], z_dim)
