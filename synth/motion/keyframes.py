"""A face and a track become keyframes: W+ that the path must pass through (thesis, 3.9 and 4.4).

In: the face's W+, an EmotionTrack, one direction per emotion and a layer mask. Out: Keyframes,
face + intensity * coefficient * unit direction on the rows that the mask opens; every other
number stays the face's own, bit for bit. Keyframes of a walk are the faces themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from synth.emotions import Emotion
from synth.motion.directions import Direction
from synth.motion.emotion_track import EmotionTrack
from synth.motion.masks import MASKS, LayerMask
from synth.motion.paths import Easing, check_seconds
from synth.types import Rows, WPlus


@dataclass(frozen=True, eq=False)
class Keyframes:
    """W+ [keyframe, layer, w_dim], reached at `times_s` and kept for `holds_s` (seconds).

    `labels` are captions; `easings[k]` is that of the way *to* keyframe k, None the path's
    own; `closing_s` is the time back to keyframe 0, None an open end. Raises ValueError when
    keyframes overlap or W+ is not finite.
    """

    w_plus: Float[Tensor, "keyframe layer w_dim"]
    times_s: tuple[float, ...]
    holds_s: tuple[float, ...]
    labels: tuple[str, ...]
    easings: tuple[Easing | None, ...]
    closing_s: float | None = None

    def __post_init__(self) -> None:
        count = self.w_plus.shape[0]
        lengths = {len(self.times_s), len(self.holds_s), len(self.labels), len(self.easings)}
        if count == 0 or lengths != {count}:
            raise ValueError(
                f"needs a time, hold, label and easing for each keyframe, at least one; got "
                f"{count} keyframes and lists of {sorted(lengths)}"
            )
        if not torch.isfinite(self.w_plus).all():
            raise ValueError("needs finite W+ for keyframes; got NaN or infinity")
        for seconds in (*self.times_s, *self.holds_s):
            check_seconds("keyframe time or hold", seconds)
        for k in range(1, count):
            if self.times_s[k] <= self.times_s[k - 1] + self.holds_s[k - 1]:
                raise ValueError(
                    f"needs keyframe {k} ({self.labels[k]}) to begin after the one before ends; "
                    f"got {self.times_s[k]:g} s after one at {self.times_s[k - 1]:g} s with a hold "
                    f"of {self.holds_s[k - 1]:g} s"
                )
        if self.closing_s is not None and not 0 < self.closing_s < float("inf"):
            raise ValueError(f"needs a closing time above 0 s; got {self.closing_s}")

    @property
    def duration_s(self) -> float:
        """Length in seconds, the way back of a loop included."""
        return self.times_s[-1] + self.holds_s[-1] + (self.closing_s or 0.0)


def make_emotion_keyframes(
    face_w_plus: Rows,
    track: EmotionTrack,
    directions: Mapping[Emotion, Direction],
    mask: LayerMask = MASKS["emotion"],
) -> Keyframes:
    """One keyframe per event: face + intensity * coefficient * masked unit direction of each part.

    `face_w_plus` [layer, w_dim]. Calm, and intensity 0, is the face itself. Raises ValueError for
    a missing direction, one of another shape, or a mask beyond the rows.
    """
    needed = {emotion for event in track.events for emotion, _ in event.parts} - {Emotion.CALM}
    missing = [emotion.label for emotion in sorted(needed - set(directions))]
    if missing:
        present = ", ".join(emotion.label for emotion in sorted(directions)) or "none"
        raise ValueError(
            f"needs a direction for {', '.join(missing)}; got directions for {present}; "
            "try another track or fit the missing ones"
        )
    mask.apply(face_w_plus)  # a mask that does not fit is an error even when all is calm
    offsets = {emotion: directions[emotion].step(mask, face_w_plus) for emotion in needed}
    calm = torch.zeros_like(face_w_plus)
    changes = [
        sum((amount * offsets.get(emotion, calm) for emotion, amount in event.parts), calm)
        for event in track.events
    ]
    return time_keyframes(face_w_plus + torch.stack(changes), track)


def time_keyframes(rows: WPlus, track: EmotionTrack) -> Keyframes:
    """One keyframe of `rows` for each event of the track, at its time and by its easing."""
    return Keyframes(
        w_plus=rows,
        times_s=tuple(event.time_s for event in track.events),
        holds_s=tuple(event.hold_s for event in track.events),
        labels=tuple(event.label for event in track.events),
        easings=tuple(event.easing or track.easing for event in track.events),
        closing_s=track.closing_s if track.loop else None,
    )


def make_walk_keyframes(
    faces: WPlus, labels: Sequence[str], gap_s: float, hold_s: float = 0.0, loop: bool = True
) -> Keyframes:
    """Faces [keyframe, layer, w_dim] visited in turn, `gap_s` seconds apart; a loop returns."""
    if faces.shape[0] < 2:
        raise ValueError(f"needs at least 2 faces for a walk; got {faces.shape[0]}")
    count = faces.shape[0]
    return Keyframes(
        w_plus=faces,
        times_s=tuple(k * (gap_s + hold_s) for k in range(count)),
        holds_s=(hold_s,) * count,
        labels=tuple(labels),
        easings=(None,) * count,
        closing_s=gap_s if loop else None,
    )
