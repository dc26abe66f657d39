"""A face, ready to be moved: its latent, the generator that draws it, and where it belongs.

In: a generator. Out: a `Face`, prepared once by a `FaceSource` (a seed, a file of latents; in
`embed` a photo). The film maker asks for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from synth.faces.latents import check_w_plus, load_latents
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.progress import Report, ignore_progress
from synth.types import Frames, Rows, Times, WPlus

#: Frames of a face [frame, height, width, 3] and their times in seconds [frame] -> frames of the
#: film, of any size that stays the same. Any chunk may be asked for, in any order, more than once,
#: and gets the same answer.
FrameStage = Callable[[Frames, Times], Frames]
#: Times in seconds [frame] -> W+ [frame, layer, w_dim]: a `synth.motion.paths.LatentPath`.
FollowedPath = Callable[[Times], WPlus]


@runtime_checkable
class PathStage(Protocol):
    """What must know which W+ a frame was drawn from, before it can touch it."""

    def follow(self, path: FollowedPath, times_s: Times) -> FrameStage | None:
        """The stage for frames of this path; None where it is of no use for it.

        times_s: moments of the path by which to judge.
        """
        ...


@runtime_checkable
class Acting(Protocol):
    """Somebody who moves by themselves, such as a person in a clip; a film adds its motion.

    duration_s: how long they act; the film is as long. fps: how often they were seen in a second.
    sound: what is heard meanwhile; a film gets it where nobody chose another.
    """

    @property
    def duration_s(self) -> float: ...  # noqa: D102 (above)

    @property
    def fps(self) -> float: ...  # noqa: D102

    @property
    def sound(self) -> Path | None: ...  # noqa: D102

    def carry(self, path: FollowedPath, times_s: Times) -> WPlus:
        """W+ at these times, of who acts and is moved by the path of a motion as well."""
        ...


@dataclass(frozen=True, eq=False)
class Face:
    """One face for one generator.

    rows: W+ [layer, w_dim] as it was found, not brought to calm.
    generator: draws it; a copy tuned to a photo, or the one that was asked for.
    label: what captions call it; seed: what drew it, where one did.
    place: puts drawn frames where the face was found (into a photo); None leaves them alone.
    moves: in place of that, moves pixels of its own as drawn frames move; for paths that keep the
        person.
    acts: moves by itself; None for a face that only a motion moves.
    keepsakes: files to keep beside a film under these names: crop, report.
    originals: photos or films of a person that it was made from; a film's marks name them.
    warnings: what whoever judges the face must know; a film's scorecard repeats it.
    Raises ValueError when the rows are no W+ of the generator.
    """

    rows: Rows
    generator: Generator
    label: str = ""
    seed: int | None = None
    place: FrameStage | None = None
    moves: PathStage | None = None
    acts: Acting | None = None
    keepsakes: Mapping[str, Path] = field(default_factory=dict)
    originals: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_w_plus(self.rows[None], self.generator, self.label or "face")

    def find_place(self, path: FollowedPath, times_s: Times) -> FrameStage | None:
        """What puts frames of a path in their place: by its own pixels if it can, else as drawn."""
        moved = self.moves.follow(path, times_s) if self.moves is not None else None
        return moved or self.place

    @classmethod
    def random(cls, generator: Generator, seed: int = 0, psi: float | int = 0.7) -> Face:
        """A face that does not exist: z of `seed`, mapped with truncation `psi` (0: mean face)."""
        return cls(map_seeds([seed], generator, psi)[0], generator, f"seed {seed}", seed)

    @classmethod
    def load(cls, generator: Generator, path: str | Path, index: int = 0) -> Face:
        """Face number `index` of a latents file; ValueError naming it when it does not fit."""
        faces = load_latents(path, generator)
        if not 0 <= index < len(faces):
            raise ValueError(
                f"{path}: needs a face number from 0 to {len(faces) - 1}; got {index}; "
                "try face.index=0"
            )
        return cls(faces[index], generator, f"{Path(path).name}, face {index}")


@runtime_checkable
class FaceSource(Protocol):
    """Where a face comes from. Both calls may be made in any order and any number of times."""

    def check(self) -> None:
        """What can be wrong without a generator: raises ValueError or OSError."""
        ...

    def prepare(self, generator: Generator, report: Report = ignore_progress) -> Face:
        """The face for this generator. Raises ValueError or OSError."""
        ...


@runtime_checkable
class ActingSource(Protocol):
    """A FaceSource of somebody who acts by themselves, at a rate that is known beforehand."""

    def find_fps(self) -> float:
        """As `Acting.fps` will be. Raises ValueError or OSError for a film that cannot be read."""
        ...


def find_own_fps(face: Face | FaceSource) -> float | None:
    """Frames a second in which somebody acts by themselves; None for a face that only is moved."""
    if isinstance(face, Face):
        return face.acts.fps if face.acts is not None else None
    return face.find_fps() if isinstance(face, ActingSource) else None


@dataclass(frozen=True)
class RandomFace:
    """A FaceSource: the random face of a seed."""

    seed: int = 0
    psi: float | int = 0.7

    def check(self) -> None:
        """Nothing can be wrong yet."""

    def prepare(self, generator: Generator, report: Report = ignore_progress) -> Face:
        """As `Face.random`."""
        return Face.random(generator, self.seed, self.psi)


@dataclass(frozen=True)
class SavedFace:
    """A FaceSource: face number `index` of a latents file."""

    path: str
    index: int = 0

    def check(self) -> None:
        """Raise FileNotFoundError when there is no such file."""
        if not Path(self.path).is_file():
            raise FileNotFoundError(
                f"{self.path}: needs a latents file; got none there; check the path"
            )

    def prepare(self, generator: Generator, report: Report = ignore_progress) -> Face:
        """As `Face.load`."""
        return Face.load(generator, self.path, self.index)
