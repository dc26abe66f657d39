"""A motion that shifts and turns the picture, whatever the face does meanwhile.

In: placements over time, a face of a generator that can (capability `transform`: StyleGAN3), and
perhaps another motion. Out: a `Plan` whose path is a `PlacedPath`. What is drawn is moved by the
network itself, with what comes in at the border; no pixels are moved.

Symbols: a place x of the picture in picture widths from the centre, y down, goes to R x + d; the
network is told the way back, U = [[R^T, -R^T d], [0, 1]].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float

from synth.faces.face import Face
from synth.generators.capabilities import find_capabilities
from synth.motion.any_motion import AnyMotion, as_motion
from synth.motion.base import Moment, Plan, Scene
from synth.motion.interpolation import Interpolation, KeyframePath
from synth.motion.keyframes import Keyframes
from synth.motion.paths import LatentPath
from synth.types import Rows, Times, Transforms, WPlus

#: Beyond a thousand picture widths or turns somebody mistook a unit.
_FARTHEST = 1000
#: To the right while turning left, and the other way.
SWAY = ((0, 0, 0, 0), (2, 0.15, 0, 20), (4, -0.15, 0, -20))


@dataclass(frozen=True, eq=False)
class MovedPath:
    """A PlacedPath: rows of one path, places [1, (right, down, degrees)] of the other."""

    path: LatentPath
    places: KeyframePath

    @property
    def duration_s(self) -> float:
        """Length in seconds: until both have ended."""
        return max(self.path.duration_s, self.places.duration_s)

    @property
    def closed(self) -> bool:
        """Whether both are at their starts again."""
        if not (self.path.closed and self.places.closed):
            return False
        return self.path.duration_s in (0.0, self.places.duration_s)

    def __call__(self, times_s: Times) -> WPlus:
        """Times in seconds [frame] -> W+ [frame, layer, w_dim]."""
        return self.path(times_s)

    def find_transforms(self, times_s: Times) -> Transforms:
        """Times in seconds [frame] -> U of each [frame, 3, 3]."""
        return make_transforms(self.places(times_s)[:, 0])


@dataclass(frozen=True, eq=False)
class StillPath:
    """A LatentPath that stays where it is."""

    rows: Rows
    duration_s: float = 0.0
    closed: bool = True

    def __call__(self, times_s: Times) -> WPlus:
        """The rows at any time."""
        return self.rows.expand(len(times_s), -1, -1)


@dataclass(frozen=True, eq=False)
class ShiftAndTurn:
    """A Motion: the picture goes from placement to placement.

    placements: a time in seconds, the shift right and down in picture widths, and the turn to the
    left (against the clock) in degrees, of each; turns go around the picture's centre, before the
    shift. closing: seconds back to the first; None: it stays at the last.
    motion: what the face does meanwhile; None: it keeps still.
    Raises ValueError for placements that are not of this form.
    """

    placements: Sequence[Sequence[float | int]] = (
        (0, 0, 0, 0),
        (2, 0.15, 0, 20),
        (4, -0.15, 0, -20),
    )
    closing: float | int | None = 2.0
    motion: AnyMotion | None = None
    interpolation: Interpolation = field(default_factory=Interpolation)

    def __post_init__(self) -> None:
        for entry in self.placements:
            if len(entry) != 4 or not all(abs(number) <= _FARTHEST * 360 for number in entry):
                raise ValueError(
                    "needs placements [seconds, right, down, degrees]; got "
                    f"{str(list(entry))[:80]}; try [2, 0.1, 0, 15]"
                )
            if max(abs(entry[1]), abs(entry[2])) > _FARTHEST:
                raise ValueError(
                    f"needs shifts in picture widths; got {entry[1]:g} and {entry[2]:g}; try 0.1"
                )
        self._make_keyframes()

    def check(self, scene: Scene) -> None:
        """What can be wrong without a generator, of the inner motion."""
        check = getattr(as_motion(self.motion), "check", None) if self.motion else None
        if check is not None:
            check(scene)

    def plan(self, face: Face, scene: Scene) -> Plan:
        """The inner motion, moved. Raises ValueError for a generator that cannot."""
        generator = face.generator
        if not find_capabilities(generator).transform:
            raise ValueError(
                f"needs a generator that can shift and turn what it draws; got {generator.name}; "
                "try a StyleGAN3, such as generator=card generator.path.name=ffhqu-256-r"
            )
        places = KeyframePath(
            self._make_keyframes(),
            self.interpolation.easing,
            self.interpolation.find_halving_s(scene.fps),
        )
        record = {"placements": [list(entry) for entry in self.placements], "closing": self.closing}
        if self.motion is None:
            path = MovedPath(StillPath(face.rows.cpu()), places)
            return Plan(path, self._list_moments(), {"transform": record})
        inner = as_motion(self.motion).plan(face, scene)
        path = MovedPath(inner.path, places)
        record = {**inner.record, "transform": record}
        return replace(inner, path=path, record=record)

    def _make_keyframes(self) -> Keyframes:
        """Placements as keyframes of one row (right, down, degrees)."""
        rows = torch.tensor([list(entry) for entry in self.placements], dtype=torch.float64)
        count = len(rows)
        return Keyframes(
            w_plus=rows[:, None, 1:] if count else torch.zeros(0, 1, 3),
            times_s=tuple(float(entry[0]) for entry in self.placements),
            holds_s=(0.0,) * count,
            labels=tuple(_describe(entry) for entry in self.placements),
            easings=(None,) * count,
            closing_s=None if self.closing is None else float(self.closing),
        )

    def _list_moments(self) -> tuple[Moment, ...]:
        return tuple(Moment(float(entry[0]), _describe(entry)) for entry in self.placements)


def make_transforms(places: Float[torch.Tensor, "frame 3"]) -> Transforms:
    """(right, down, degrees to the left) -> U of each, in float64."""
    right, down, degrees = places.double().unbind(1)
    angle = degrees * math.pi / 180
    cos, sin = angle.cos(), angle.sin()
    zero, one = torch.zeros_like(cos), torch.ones_like(cos)
    # With y down, a turn to the left is R = [[cos, sin], [-sin, cos]]; the way back is R^T.
    back = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], 1).reshape(-1, 3, 3)
    shift = torch.stack([one, zero, -right, zero, one, -down, zero, zero, one], 1)
    return back @ shift.reshape(-1, 3, 3)


def _describe(entry: Sequence[float | int]) -> str:
    return f"{entry[1]:+.2g} {entry[2]:+.2g}, {entry[3]:g}°"
