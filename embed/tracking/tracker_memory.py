"""What somebody who follows a person knows between two frames, and how it is kept.

In: the memory of an `embed.tracking.face_tracking.PersonTracker`. Out: arrays, and from them the
same memory, bit for bit: who goes on with it sees in every later frame what they would have seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from synth.faces.box_tracking import BoxTracker
from synth.faces.boxes import Box
from synth.video.cuts import Glance

#: The number under which the person's place is kept.
PERSON = 0
_NUMBERS = ("frame", "shot", "has_begun", "lost_since", "searched", "crowded")


@dataclass
class TrackerMemory:
    """frame: the last one looked at. shot: how often the face was found again elsewhere.

    box: where the face is expected; None while it is lost. places: where it was last, also then.
    has_begun: whether any face was followed. lost_since, searched: frames from which on it is
    lost, and in which everybody was looked for. crowded: whether that found several. glance: the
    last frame, very small. person: the vector of who is followed, where somebody can tell.
    """

    frame: int = -1
    shot: int = 0
    has_begun: bool = False
    lost_since: int = 0
    searched: int = 0
    crowded: bool = False
    box: Box | None = None
    places: BoxTracker = field(default_factory=BoxTracker)
    glance: Glance | None = None
    person: Float[np.ndarray, " dim"] | None = None

    def pack(self) -> dict[str, np.ndarray]:
        """All of it; what is None is left out."""
        arrays = {"numbers": np.array([int(getattr(self, name)) for name in _NUMBERS])}
        # One person has one place, and no place is ever too old.
        place = self.places.list_places(self.frame).get(PERSON)
        held = {"box": self.box, "place": place, "glance": self.glance, "person": self.person}
        return arrays | {name: np.asarray(one) for name, one in held.items() if one is not None}

    @classmethod
    def unpack(cls, arrays: Mapping[str, np.ndarray]) -> TrackerMemory:
        """The memory that was packed. Raises KeyError or ValueError for something else."""
        frame, shot, has_begun, lost_since, searched, crowded = arrays["numbers"].tolist()
        memory = cls(frame, shot, bool(has_begun), lost_since, searched, bool(crowded))
        memory.box, memory.glance, memory.person = map(arrays.get, ("box", "glance", "person"))
        if "place" in arrays:
            memory.places.move(PERSON, arrays["place"], frame)
        return memory
