"""The head behind the bundled generator's pictures tells how a photo's face moves.

Head and photo are not quite the same person. What the photo's 68 points lie beside those of the
head is taken apart once, for the reference:

1. An emotion that W+ tells less of than the points show (a broad smile): it is added to the head,
   and fades as W+ takes the emotion back, so that a smiling mouth closes.
2. Lips that are further apart than the head's: they close as the head's do.
3. All else is spread smoothly over the head's surface, and stays with it as it moves. Where that
   makes the face larger or smaller, movements are so too: brows close to the eyes go less far down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from scipy.interpolate import RBFInterpolator

from embed.faces.base import PointPlacer
from embed.moving.displacement import FIELD_PX, Displacement, Marks
from embed.moving.landmark_tracker import find_marks_near
from embed.moving.mesh_field import draw_shifts
from embed.moving.openings import EYES, find_gap, find_irises
from embed.moving.openings import MOUTH as OPENING
from synth.generators.bundled_head import IDENTITY_MODES, BundledHead, PlacedHead
from synth.generators.bundled_parameters import EMOTIONS
from synth.types import Picture, Rows

#: Points that lie on the skin; those of the outline to the sides move over it as a head turns.
FIRM = (*range(5, 12), *range(17, 68))
MOUTH = tuple(range(48, 68))
#: Of the spline: pixels' worth of doubt in the points, in the model's cm.
SMOOTHING = 0.3
#: Below this share in the head's turns lie the shoulders, which stay.
LEAST_SHARE = 0.25
#: Emotions that points may show more of, the step that tells what they do, and what one costs.
READ_AGAIN = ("happiness", "surprise")
EMOTION_STEP, EMOTION_COST, MOST_ADDED = 0.1, 0.012, 0.7
#: How far apart in cm the spline's slopes are measured, and what they may do to movements.
SLOPE_CM = 0.7
#: Points above and below each other: inner lips, then outer ones; and a gap that says nothing.
PAIRS = ((61, 67), (62, 66), (63, 65), (50, 58), (51, 57), (52, 56))
LEAST_GAP = 0.002
#: Root mean square of changes of identity, in standard deviations, that are another person.
MOST_OF_A_PERSON = 0.3
#: How much higher than in the photo an eye may get, in its height then; how far from its middle
#: lids reach, in its widths.
WIDEST, LIDS = 0.4, 0.75
_EMOTIONS = slice(IDENTITY_MODES, IDENTITY_MODES + len(EMOTIONS))
LEAST_SCALE, MOST_SCALE = 0.45, 1.4


@dataclass(frozen=True, eq=False)
class Laid:
    """A head's points on a photo, in picture widths: what they lie beside themselves [point, 2],
    the part of it that parted lips make, and what movements are multiplied with [point, 2, 2]."""

    beside: Float[np.ndarray, "point 2"]
    parted: Float[np.ndarray, "point 2"]
    scale: Float[np.ndarray, "point 2 2"]


@dataclass(frozen=True, eq=False)
class HeadTracker:
    """A FaceTracker. `rows` W+ of the reference; `marks` the photo's 68 points, if they are known.

    Marks are in picture widths of the generator's square. placer: finds where the generator drew
    an open mouth, which is not quite where its head has it; None believes the head.
    """

    head: BundledHead
    rows: Rows
    marks: Marks | None = None
    placer: PointPlacer | None = None

    name: ClassVar[str] = "head"

    def find_displacement(self, rows: Rows, picture: Picture) -> Displacement:
        """From the reference to W+ [layer, w_dim]; of the picture only an open mouth counts."""
        before, numbers, laid = self._before, self.head.landmarks, self._laid
        read = self.head.read(rows)
        placed = self._place(read)
        moved = np.einsum("pij,pj->pi", laid.scale, placed.points - before.points)
        first = before.points + laid.beside
        moved = self._hold_lids(first, moved)
        closed = (1 - self._find_share_open(placed)) * laid.parted
        points = first, first + moved - closed
        marks = (
            points[0][numbers],
            points[1][numbers],
            self._find_drawn(self.head.place_parameters(read).points[numbers], picture),
        )
        rest = (before.eyes - placed.eyes, before.teeth - placed.teeth)
        if _is_same(before, placed):
            nothing = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32)
            return Displacement(nothing, nothing[..., 0], *marks, *rest, is_still=True)
        balls = find_irises(marks[0], rest[0])
        shifts, known = draw_shifts(*points, placed.depth, self._triangles, balls)
        return Displacement(shifts, known, *marks, *rest)

    def fits(self, rows: Rows) -> bool:
        """Whether W+ shows the person of the reference still."""
        change = (self.head.read(rows) - self._read)[:IDENTITY_MODES]
        return float(np.sqrt((change**2).mean())) < MOST_OF_A_PERSON

    def _hold_lids(
        self, first: Float[np.ndarray, "point 2"], moved: Float[np.ndarray, "point 2"]
    ) -> Float[np.ndarray, "point 2"]:
        """Movements by which no eye opens wider than eyes do: a drawn face goes further."""
        numbers, held = self.head.landmarks, moved.copy()
        for chains in EYES:
            was = find_gap(first[numbers], chains)
            wider = find_gap((first + moved)[numbers], chains) / max(was, 1e-6) - 1
            if wider <= 0:
                continue
            kept = WIDEST * np.tanh(wider / WIDEST) / wider
            corners = numbers[[chains[0][0], chains[0][-1]]]
            width = np.ptp(first[corners, 0])
            away = np.linalg.norm(first - first[corners].mean(0), axis=1) / (LIDS * width)
            share = (1 - kept) * np.exp(-(away**4))[:, None]
            held -= share * (moved - moved[corners].mean(0))
        return held

    def _find_drawn(self, own: Marks, picture: Picture) -> Marks:
        """The head's points, the mouth's as they are found in the picture where it is open."""
        if self.placer is None or find_gap(own, OPENING) < LEAST_GAP:
            return own
        drawn = own.copy()
        drawn[48:] = find_marks_near(self.placer, picture, own)[48:]
        return drawn

    @cached_property
    def _read(self) -> np.ndarray:
        """Parameters of the reference."""
        return self.head.read(self.rows)

    @cached_property
    def _added(self) -> Float[np.ndarray, " emotion"]:
        if self.marks is None:
            return np.zeros(len(EMOTIONS))
        return _find_unread(self.head, self._read, self.marks)

    @cached_property
    def _before(self) -> PlacedHead:
        return self._place(self._read)

    @cached_property
    def _gap_at_rest(self) -> float:
        calm = self._read.copy()
        calm[_EMOTIONS] = 0
        return self._find_gap(self.head.place_parameters(calm))

    @cached_property
    def _triangles(self) -> np.ndarray:
        share = self.head.share[: len(self._before.points)]
        return self.head.triangles[(share[self.head.triangles] > LEAST_SHARE).all(1)]

    def _place(self, read: Float[np.ndarray, " parameter"]) -> PlacedHead:
        """The head with what its points show besides, as far as W+ still has the emotion."""
        first, now = np.maximum(self._read[_EMOTIONS], 0), np.maximum(read[_EMOTIONS], 0)
        left = np.clip(now / np.maximum(first, 1e-6), 0, 1)
        more = read.copy()
        more[_EMOTIONS] += self._added * left
        return self.head.place_parameters(more)

    @cached_property
    def _laid(self) -> Laid:
        """How the head's surface lies on the photo's points."""
        head, firm, count = self.head, list(FIRM), len(self._before.points)
        scale = np.tile(np.eye(2), (count, 1, 1))
        if self.marks is None:
            return Laid(np.zeros((count, 2)), np.zeros((count, 2)), scale)
        beside = (self.marks - self._before.points[head.landmarks])[firm]
        spline = self._spread(beside)
        together = beside.copy()
        for pair in PAIRS:
            both = [firm.index(mark) for mark in pair]
            together[both, 1] = together[both, 1].mean()
        places = spline(head.wide)
        size = np.ptp(self._before.points[:, 0]) / np.ptp(head.wide[:, 0])
        for axis, towards in ((0, (1.0, 0, 0)), (1, (0, -1.0, 0))):  # a picture's y runs down
            step = np.array(towards) * SLOPE_CM
            slope = (spline(head.wide + step) - spline(head.wide - step)) / (2 * SLOPE_CM * size)
            scale[:, axis, axis] = np.clip(1 + slope[:, axis], LEAST_SCALE, MOST_SCALE)
        return Laid(places, places - self._spread(together)(head.wide), scale)

    def _spread(self, beside: Float[np.ndarray, "mark 2"]) -> RBFInterpolator:
        """What points have beside those of the head, over the surface."""
        places = self.head.wide[self.head.landmarks[list(FIRM)]]
        return RBFInterpolator(places, beside, smoothing=SMOOTHING, kernel="linear", degree=1)

    def _find_share_open(self, placed: PlacedHead) -> float:
        """How much of the reference's gap between the lips is left, 0 to 1."""
        whole = self._find_gap(self._before) - self._gap_at_rest
        if whole < LEAST_GAP:
            return 1.0
        return float(np.clip((self._find_gap(placed) - self._gap_at_rest) / whole, 0, 1))

    def _find_gap(self, placed: PlacedHead) -> float:
        marks = placed.points[self.head.landmarks]
        return float(np.mean([marks[low, 1] - marks[high, 1] for high, low in PAIRS[:3]]))


def _find_unread(
    head: BundledHead, read: Float[np.ndarray, " parameter"], marks: Marks
) -> Float[np.ndarray, " emotion"]:
    """How much more of some emotions the points around the mouth show: least squares with a cost.

    Place, size and turn of the mouth are free.
    """
    numbers, mouth = head.landmarks, list(MOUTH)
    own = head.place_parameters(read).points[numbers][mouth]
    columns = [*_list_similarities(own)]
    places = [EMOTIONS.index(name) for name in READ_AGAIN]
    for place in places:
        more = read.copy()
        more[IDENTITY_MODES + place] += EMOTION_STEP
        changed = head.place_parameters(more).points[numbers][mouth]
        columns.append(((changed - own) / EMOTION_STEP).ravel())
    system = np.stack(columns, 1)
    costs = np.diag([0.0] * 4 + [EMOTION_COST**2 * len(mouth)] * len(places))
    found = np.linalg.solve(system.T @ system + costs, system.T @ (marks[mouth] - own).ravel())
    added = np.zeros(len(EMOTIONS))
    added[places] = np.where(read[IDENTITY_MODES:][places] > 0.05, found[4:], 0)
    return np.clip(added, 0, MOST_ADDED)


def _list_similarities(points: Float[np.ndarray, "point 2"]) -> list[np.ndarray]:
    """What shifts, a growth and a turn do to points, one after another."""
    away = points - points.mean(0)
    across, down = np.zeros_like(away), np.zeros_like(away)
    across[:, 0], down[:, 1] = 1, 1
    turned = np.stack([-away[:, 1], away[:, 0]], 1)
    return [column.ravel() for column in (across, down, away, turned)]


def _is_same(one: PlacedHead, other: PlacedHead) -> bool:
    return np.array_equal(one.points, other.points) and np.array_equal(one.eyes, other.eyes)
