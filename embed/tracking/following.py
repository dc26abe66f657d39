"""How far somebody has come in following a person, so that another can go on in their place.

In: what `embed.tracking.video_faces.track_person` holds between two frames that it gives out: the
sightings around the frame that is due, and the tracker's memory. Out: arrays, and from them the
same again. Frames are not kept: the video has them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from embed.faces.base import POINT_COUNT
from embed.tracking.face_tracking import Sighting
from embed.tracking.tracker_memory import TrackerMemory

_MARK = "tracker_"


@dataclass
class Following:
    """given: frames given out; the next is due. found: whether any of them showed the person.

    first: the frame of the first of the `sightings` that are held, one for each frame that was
    looked at and still matters. memory: of the tracker, which has looked at as many.
    """

    given: int = 0
    found: bool = False
    first: int = 0
    sightings: deque[Sighting] = field(default_factory=deque)
    memory: TrackerMemory | None = None

    @property
    def end(self) -> int:
        """The first frame that nobody has looked at."""
        return self.first + len(self.sightings)

    def forget(self, before: int) -> None:
        """Drop sightings too old to matter."""
        while self.first < before:
            self.sightings.popleft()
            self.first += 1

    def pack(self) -> dict[str, np.ndarray]:
        """All of it as arrays."""
        held = list(self.sightings)
        nowhere = np.full((POINT_COUNT, 2), np.nan)
        points = [nowhere if one.points is None else one.points for one in held]
        states = [(one.points is not None, one.confirmed, one.is_cut, one.shot) for one in held]
        arrays = {
            "progress": np.array([self.given, int(self.found), self.first]),
            "points": np.array(points).reshape(-1, POINT_COUNT, 2),
            "states": np.array(states, int).reshape(-1, 4),
        }
        memory = self.memory.pack() if self.memory is not None else {}
        return arrays | {f"{_MARK}{name}": one for name, one in memory.items()}

    @classmethod
    def unpack(cls, arrays: Mapping[str, np.ndarray]) -> Following:
        """What was packed. Raises KeyError or ValueError for something else."""
        given, found, first = arrays["progress"].tolist()
        sightings = deque(
            Sighting(points if is_there else None, bool(confirmed), shot, bool(is_cut))
            for points, (is_there, confirmed, is_cut, shot) in zip(
                arrays["points"], arrays["states"].tolist(), strict=True
            )
        )
        kept = {n.removeprefix(_MARK): one for n, one in arrays.items() if n.startswith(_MARK)}
        memory = TrackerMemory.unpack(kept) if kept else None
        return cls(given, bool(found), first, sightings, memory)
