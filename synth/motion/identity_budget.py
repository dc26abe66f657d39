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
from synth.motion.emotion_track import EmotionEvent, EmotionTrack
from synth.motion.masks import LayerMask
from synth.types import Rows, WPlus

#: After so many halvings an intensity is right to about a percent.
HALVINGS = 6

#: W+ [face, layer, w_dim] -> distance of each from the calm face; NaN where no face is found.
FindDistances = Callable[[WPlus], Float[np.ndarray, " face"]]
#: What a moment asks for: its emotions with their intensities.
Wish = tuple[tuple[Emotion, float], ...]


@dataclass(frozen=True)
class Lowered:
    """A moment whose intensity was lowered, the distance it would have had and has now.

    Of several emotions at once all are lowered by the same share; `asked` and `given` are those of
    the strongest.
    """

    wish: Wish
    asked: float
    given: float
    asked_distance: float
    given_distance: float

    def __str__(self) -> str:
        names = " + ".join(emotion.label for emotion, _ in self.wish)
        return (
            f"{names}: intensity {self.asked:.2f} lowered to {self.given:.2f} "
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
    wishes = sorted({wish for e in track.events if (wish := _find_wish(e, directions))})
    if not wishes:
        return track, []
    asked = np.array([_find_strongest(wish) for wish in wishes])
    steps = torch.stack([_make_step(wish, start, directions, mask) for wish in wishes])

    def measure(intensities: np.ndarray, at: np.ndarray) -> np.ndarray:
        scale = torch.from_numpy(intensities).to(start)[:, None, None]
        found = find_distances(start + scale * steps[torch.from_numpy(at)])
        return np.where(np.isfinite(found), found, np.inf)

    before = measure(asked, np.arange(len(wishes)))
    beyond = np.flatnonzero(before > budget)
    given, after = _halve(asked[beyond], budget, lambda intensities: measure(intensities, beyond))
    lowered = [
        Lowered(wishes[k], float(asked[k]), float(given[i]), float(before[k]), float(after[i]))
        for i, k in enumerate(beyond)
    ]
    return _lower(track, lowered, directions), lowered


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


def _find_wish(event: EmotionEvent, directions: Mapping[Emotion, Direction]) -> Wish:
    """The emotions of a moment that move the face."""
    return tuple((e, amount) for e, amount in event.parts if e in directions and amount)


def _find_strongest(wish: Wish) -> float:
    return max(amount for _, amount in wish)


def _make_step(
    wish: Wish, start: Rows, directions: Mapping[Emotion, Direction], mask: LayerMask
) -> Rows:
    """What the moment adds to the face when its strongest emotion has intensity 1."""
    strongest = _find_strongest(wish)
    steps = [amount / strongest * directions[e].step(mask, start) for e, amount in wish]
    return torch.stack(steps).sum(0) if len(steps) > 1 else steps[0]


def _lower(
    track: EmotionTrack, lowered: Sequence[Lowered], directions: Mapping[Emotion, Direction]
) -> EmotionTrack:
    found = {entry.wish: entry for entry in lowered}

    def lower(event: EmotionEvent) -> EmotionEvent:
        entry = found.get(_find_wish(event, directions))
        if entry is None:
            return event
        # Divided last, so that a single emotion gets exactly what was measured.
        (_, main), *also = ((e, x * entry.given / entry.asked) for e, x in event.parts)
        if event.intensity == entry.asked:
            main = entry.given
        return replace(event, intensity=main, also=tuple(also))

    return replace(track, events=tuple(lower(event) for event in track.events))
