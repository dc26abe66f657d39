"""What moves a face: the seam that every source of motion fills and the film maker takes.

A `Motion` looks at a prepared face and answers with a `Plan`: the path through W+, the moments
worth a picture, and how the motion is written down beside the film. Whoever adds a motion writes
one class; docs/extending.md shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from synth.faces.face import Face, FrameStage
from synth.faces.observers import FaceObserver
from synth.motion.paths import LatentPath
from synth.progress import Report, ignore_progress
from synth.types import Frames, Picture, Times

#: Times in seconds [frame] -> frames as the film shows them, for whoever explains it in a picture.
DrawFilm = Callable[[Times], Frames]
#: Times in seconds [frame] -> intensities of the emotions that the face is told [frame, 7].
TellEmotions = Callable[[Times], Float[np.ndarray, "frame 7"]]
#: A picture that a motion wants beside its film, RGB [height, width, 3].
DrawPicture = Callable[[DrawFilm], Picture]


@dataclass(frozen=True)
class Moment:
    """A time of the film that deserves a picture on the contact sheet, and what it shows.

    `intensity` in [0, 1] fills a bar under the picture; None has no bar.
    """

    time_s: float
    label: str
    intensity: float | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """How one face moves through one film.

    path: which W+ at which time. moments: at least one, in the order of their times.
    record: the motion in plain numbers and texts, kept as track.yaml.
    touch: may change drawn frames before they are written; None leaves them alone. It must answer
        by the chunk alone: a run that goes on with a film asks for no earlier one.
    sound: a file whose sound belongs to the motion; the film gets it unless told otherwise.
    shows: what captions call the film's subject where that is not the face.
    pictures: what explains the motion, by the file's name (.png); drawn when the film is.
    told: which emotions the face is told to show, so that a score can say whether it does.
    Raises ValueError for no moments, and for a picture of another name.
    """

    path: LatentPath
    moments: tuple[Moment, ...]
    record: Mapping[str, object] = field(default_factory=dict)
    touch: FrameStage | None = None
    sound: Path | None = None
    pictures: Mapping[str, DrawPicture] = field(default_factory=dict)
    shows: str = ""
    told: TellEmotions | None = None

    def __post_init__(self) -> None:
        if not self.moments:
            raise ValueError("needs at least one moment to show; got a plan without")
        for name in self.pictures:
            if Path(name).name != name or Path(name).suffix != ".png":
                raise ValueError(f"needs pictures named like turns.png; got {name!r}")


@dataclass(frozen=True)
class Scene:
    """What a motion may want to know of the film that it is planned for.

    fps: frames a second. observer: looks at faces and measures who they are, where somebody does.
    """

    fps: float | int = 25.0
    observer: FaceObserver | None = None
    report: Report = ignore_progress


@runtime_checkable
class Motion(Protocol):
    """Anything that can say how a face moves."""

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The way of this face through W+. Raises ValueError where it cannot go."""
        ...
