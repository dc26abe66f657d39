"""Keyframes -> a path through W+ (thesis, 3.10: "inbetweening").

Symbols: a, b the W+ of two neighbouring keyframes; u in [0, 1] the share of the way from a to b.

    linear      a + u (b - a), the thesis's "linear search"
    halving     the distance to b halves in each step, the thesis's "binary search"
    smoothstep  linear with u -> 3u^2 - 2u^3: starts and stops gently
    cubic       Hermite spline through all keyframes (Catmull-Rom tangents): no corners
    spherical   row by row along the arc from a to b (slerp): keeps the length of w

Each easing is exact at keyframes and leaves rows alone, bit for bit, that a and b share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from synth.motion.keyframes import Keyframes
from synth.motion.paths import IN_BETWEEN_FRAMES, check_easing, compute_gap_s
from synth.types import Times, WPlus

#: Below this angle (radians) the arc and its chord differ by less than float32 can tell.
_SMALL_ANGLE = 1e-3


@dataclass(frozen=True)
class Interpolation:
    """How the way from keyframe to keyframe is filled.

    easing: one of the ways above. in_between: frames from one keyframe to the next where a motion
    gives no times. halving_s: for 'halving', seconds in which the distance halves; None: one frame.
    Raises ValueError for other values.
    """

    easing: str = "linear"
    in_between: int = IN_BETWEEN_FRAMES
    halving_s: float | int | None = None

    def __post_init__(self) -> None:
        check_easing(self.easing)
        compute_gap_s(1, self.in_between)
        if self.halving_s is not None:
            _check_halving(self.halving_s)

    def find_gap_s(self, fps: float | int) -> float:
        """Seconds from one keyframe to the next where a motion gives no times."""
        return compute_gap_s(fps, self.in_between)

    def find_halving_s(self, fps: float | int) -> float:
        """Seconds in which 'halving' halves the distance."""
        return 1 / fps if self.halving_s is None else float(self.halving_s)


@dataclass(frozen=True, eq=False)
class KeyframePath:
    """A LatentPath through keyframes; a chunk of times costs memory for that chunk only.

    `easing` holds for keyframes without one of their own. `halving_s` is the time in which
    'halving' halves the distance: one frame in the thesis.
    """

    keyframes: Keyframes
    easing: str = "linear"
    halving_s: float | int = 1 / 30

    def __post_init__(self) -> None:
        check_easing(self.easing)
        _check_halving(self.halving_s)

    @property
    def duration_s(self) -> float:
        """Length in seconds, the way back of a loop included."""
        return self.keyframes.duration_s

    @property
    def closed(self) -> bool:
        """Whether the path returns to its first keyframe and repeats."""
        return self.keyframes.closing_s is not None

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim].

        An open path stays at its ends outside its duration; a closed one repeats.
        """
        starts, share = self._locate(times_s.double().cpu())
        device = self.keyframes.w_plus.device
        ends = self._neighbour(starts, 1)
        easings = [self.keyframes.easings[k] or self.easing for k in ends.tolist()]
        result = self.keyframes.w_plus[starts.to(device)]
        for easing in dict.fromkeys(easings):
            chosen = torch.tensor([other == easing for other in easings])
            result[chosen.to(device)] = self._interpolate(easing, starts[chosen], share[chosen])
        return result

    def _locate(self, times_s: Times) -> tuple[Tensor, Tensor]:
        """Index of the keyframe last reached [frame], share of the way to the next [frame]."""
        if self.closed:
            times_s = times_s.remainder(self.duration_s)
        arrivals = torch.tensor(self.keyframes.times_s, dtype=torch.float64)
        starts = (torch.searchsorted(arrivals, times_s, right=True) - 1).clamp_min(0)
        share = (times_s - self._departures()[starts]) / self._gaps()[starts]
        return starts, share.clamp(0, 1)

    def _departures(self) -> Tensor:
        holds = torch.tensor(self.keyframes.holds_s, dtype=torch.float64)
        return torch.tensor(self.keyframes.times_s, dtype=torch.float64) + holds

    def _gaps(self) -> Tensor:
        """Seconds on the way from each keyframe to the next; infinite at an open end."""
        arrivals = torch.tensor(
            [*self.keyframes.times_s[1:], self.duration_s if self.closed else math.inf],
            dtype=torch.float64,
        )
        return arrivals - self._departures()

    def _neighbour(self, indices: Tensor, step: int) -> Tensor:
        count = self.keyframes.w_plus.shape[0]
        return (indices + step) % count if self.closed else (indices + step).clamp(0, count - 1)

    def _interpolate(self, easing: str, starts: Tensor, share: Tensor) -> WPlus:
        """W+ [frame, layer, w_dim] at `share` of the ways that begin at keyframes `starts`."""
        w_plus = self.keyframes.w_plus
        a = w_plus[starts.to(w_plus.device)]
        b = w_plus[self._neighbour(starts, 1).to(w_plus.device)]
        if easing == "cubic":
            return self._follow_spline(a, b, starts, share)
        if easing == "halving":
            share = compute_halving_share(share, self._gaps()[starts] / self.halving_s)
        elif easing == "smoothstep":
            share = share * share * (3 - 2 * share)
        weight = share.to(w_plus)[:, None, None]
        return follow_arc(a, b, weight) if easing == "spherical" else torch.lerp(a, b, weight)

    def _follow_spline(self, a: WPlus, b: WPlus, starts: Tensor, share: Tensor) -> WPlus:
        """Cubic Hermite; written on top of lerp so that it is exact where a equals b."""
        gap_s = self._gaps()[starts].nan_to_num(posinf=0.0)  # no motion past an open end
        u = share
        parts = (u * u * (3 - 2 * u), gap_s * u * (1 - u) ** 2, gap_s * u * u * (u - 1))
        blend, leave, arrive = (part.to(a)[:, None, None] for part in parts)
        out_tangent = self._compute_tangents(starts)
        in_tangent = self._compute_tangents(self._neighbour(starts, 1))
        return torch.lerp(a, b, blend) + leave * out_tangent + arrive * in_tangent

    def _compute_tangents(self, indices: Tensor) -> WPlus:
        """Velocity in W+ a second at keyframes: zero where the face is held and at open ends."""
        w_plus = self.keyframes.w_plus
        before, after = self._neighbour(indices, -1), self._neighbour(indices, 1)
        gaps = self._gaps()
        moves = torch.tensor(self.keyframes.holds_s, dtype=torch.float64) == 0
        moves[0] &= self.closed and self.keyframes.times_s[0] == 0
        moves[-1] &= self.closed
        rate = moves[indices] / (gaps[before] + gaps[indices]).nan_to_num(posinf=1.0)
        change = w_plus[after.to(w_plus.device)] - w_plus[before.to(w_plus.device)]
        return change * rate.to(w_plus)[:, None, None]


def _check_halving(halving_s: float | int) -> None:
    if not 0 < halving_s < math.inf:
        raise ValueError(f"needs a halving time above 0 s; got {halving_s}; try 1/fps")


def compute_halving_share(share: Tensor, steps: Tensor) -> Tensor:
    """Share of the way after `share` of `steps` halvings [frame]; the last step goes to the end.

    The distance left after j steps is 2^-j for j up to steps - 1. Without the straight last step
    the end would never be reached.
    """
    last = (steps - 1).clamp_min(0)
    done = share * steps
    left_before_last = torch.exp2(-last)
    straight = left_before_last * (steps - done) / (steps - last)
    left = torch.where(done <= last, torch.exp2(-done), straight)
    return torch.where(torch.isfinite(steps), 1 - left, share)


def follow_arc(a: WPlus, b: WPlus, weight: Float[Tensor, "frame 1 1"]) -> WPlus:
    """Spherical interpolation of each row; lengths change linearly from |a| to |b|.

    Rows that are almost parallel, opposite or zero, for which no arc is defined, go straight.
    """
    length_a = torch.linalg.vector_norm(a, dim=-1, keepdim=True)
    length_b = torch.linalg.vector_norm(b, dim=-1, keepdim=True)
    unit_a, unit_b = a / length_a, b / length_b
    # Kahan's formula: exact for small angles, where the arc cosine is not.
    angle = 2 * torch.atan2(
        torch.linalg.vector_norm(unit_a - unit_b, dim=-1, keepdim=True),
        torch.linalg.vector_norm(unit_a + unit_b, dim=-1, keepdim=True),
    )
    arc = torch.sin((1 - weight) * angle) * unit_a + torch.sin(weight * angle) * unit_b
    arc = arc / torch.sin(angle) * torch.lerp(length_a, length_b, weight)
    defined = (angle > _SMALL_ANGLE) & (angle < math.pi - _SMALL_ANGLE)
    inside = (weight > 0) & (weight < 1)
    return torch.where(defined & inside, arc, torch.lerp(a, b, weight))
