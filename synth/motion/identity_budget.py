"""Keep the person: lower the intensities of a track until no keyframe leaves a budget of identity.

In: a calm face, a track, directions, and a way to tell how far W+ has moved from the person. Out:
the track with lower intensities where they were needed, and what was lowered. Intensities are found
by halving; what is handed out was measured to be within the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from synth.emotions import Emotion
from synth.motion.directions import Direction
from synth.motion.emotion_track import EmotionTrack
from synth.motion.masks import LayerMask
from synth.types import Rows, WPlus

#: After so many halvings an intensity is right to about a percent.
HALVINGS = 6

#: W+ [face, layer, w_dim] -> distance of each from the calm face; NaN where no face is found.
FindDistances = Callable[[WPlus], Float[np.ndarray, " face"]]
Wish = tuple[Emotion, float]


@dataclass(frozen=True)
class Lowered:
    """An emotion whose intensity was lowered, the distance it would have had and has now."""

    emotion: Emotion
    asked: float
    given: float
    asked_distance: float
    given_distance: float

    def __str__(self) -> str:
        return (
            f"{self.emotion.label}: intensity {self.asked:.2f} lowered to {self.given:.2f} "
            f"(identity distance {self.asked_distance:.3f} -> {self.given_distance:.3f})"
        )


def keep_identity(
    start: Rows,
    track: EmotionTrack,
    directions: Mapping[Emotion, Direction],
    mask: LayerMask,
    budget: float,
    find_distances: FindDistances,
) -> tuple[EmotionTrack, list[Lowered]]:
    """Lower intensities where a keyframe is farther than `budget` (above 0) from `start`."""
    wishes: list[Wish] = sorted(
        {(e.emotion, e.intensity) for e in track.events if e.emotion in directions and e.intensity}
    )
    if not wishes:
        return track, []
    steps = torch.stack([directions[e].step(mask, start) for e, _ in wishes])
    asked = np.array([intensity for _, intensity in wishes])

    def measure(intensities: np.ndarray, at: np.ndarray) -> np.ndarray:
        scale = torch.from_numpy(intensities).to(start)[:, None, None]
        found = find_distances(start + scale * steps[torch.from_numpy(at)])
        return np.where(np.isfinite(found), found, np.inf)

    before = measure(asked, np.arange(len(wishes)))
    beyond = np.flatnonzero(before > budget)
    given, after = _halve(asked[beyond], budget, lambda intensities: measure(intensities, beyond))
    lowered = [
        Lowered(*wishes[k], float(given[i]), float(before[k]), float(after[i]))
        for i, k in enumerate(beyond)
    ]
    return _lower(track, lowered), lowered


def _halve(
    asked: np.ndarray, budget: float, measure: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The largest intensities that were seen within the budget, and their distances; 0 where even
    the smallest that was tried is not."""
    low, high, after = np.zeros(len(asked)), asked, np.zeros(len(asked))
    for _ in range(HALVINGS if len(asked) else 0):
        middle = (low + high) / 2
        distance = measure(middle)
        within = distance <= budget
        low, high = np.where(within, middle, low), np.where(within, high, middle)
        after = np.where(within, distance, after)
    return low, after


def _lower(track: EmotionTrack, lowered: Sequence[Lowered]) -> EmotionTrack:
    given = {(entry.emotion, entry.asked): entry.given for entry in lowered}
    events = tuple(
        replace(event, intensity=given.get((event.emotion, event.intensity), event.intensity))
        for event in track.events
    )
    return replace(track, events=events)
