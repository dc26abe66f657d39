"""Who is who from picture to picture, by the places of faces alone.

In: the boxes of the faces that somebody found in a picture, picture after picture, with times. Out:
the number of the person in each box. Nothing here looks at pixels: who finds faces, how often, and
whether likeness has a say as well is decided by those who use it (`emotion_seq.trailers` follows
everybody, `embed.tracking.face_tracking` one person).

A face belongs to the person whose last place it overlaps most, the surest pairs first, each face
and person once (the greedy form of Bochinski et al. 2017, 'High-speed tracking-by-detection'). A
person who was not seen for longer than `lost_s` is forgotten; a cut forgets everybody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from synth.faces.boxes import SAME_FACE_OVERLAP, Box, compute_overlap


class BoxTracker:
    """The last places of persons, numbered from 0 on in the order in which they were first seen."""

    def __init__(self, lost_s: float = math.inf) -> None:
        if not lost_s >= 0:
            raise ValueError(f"needs seconds of 0 or more until a person is lost; got {lost_s}")
        self._lost_s = lost_s
        self._places: dict[int, tuple[Box, float]] = {}
        self._next = 0

    def begin_shot(self) -> None:
        """Forget everybody's place: after a cut, nothing is expected anywhere."""
        self._places.clear()

    def list_places(self, time_s: float) -> dict[int, Box]:
        """Where persons who are not lost were seen last, by number."""
        return {
            number: box
            for number, (box, seen_s) in self._places.items()
            if time_s - seen_s <= self._lost_s
        }

    def match(self, boxes: Sequence[Box], time_s: float) -> list[int | None]:
        """The number of the person in each box; None for a stranger. Nothing is noted."""
        pairs = sorted(
            (-compute_overlap(place, box), number, at)
            for number, place in self.list_places(time_s).items()
            for at, box in enumerate(boxes)
        )
        owners: dict[int, int] = {}
        for overlap, number, at in pairs:
            if -overlap >= SAME_FACE_OVERLAP and at not in owners and number not in owners.values():
                owners[at] = number
        return [owners.get(at) for at in range(len(boxes))]

    def move(self, number: int, box: Box, time_s: float) -> None:
        """Note where a person is, known or not."""
        self._places[number] = (box, time_s)
        self._next = max(self._next, number + 1)

    def follow(self, boxes: Sequence[Box], time_s: float) -> list[int]:
        """The number of the person in each box of the next picture; strangers get new ones."""
        numbers = []
        for owner, box in zip(self.match(boxes, time_s), boxes, strict=True):
            numbers.append(self._next if owner is None else owner)
            self.move(numbers[-1], box, time_s)
        return numbers
