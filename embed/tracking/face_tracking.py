"""Follow one person's face from frame to frame: where it is, and in which frames it was seen.

In: uint8 RGB frames in order. Out: a `Sighting` of each: 68 points, or none.

- The points of a frame are placed in a box made from the points of the frame before, never in the
  detector's own box, whose size goes in steps: so nothing jumps when a detector is asked.
- Every `detect_every` frames the detector looks around the expected place, at a small size. In the
  frames between, the points are carried on unconfirmed; the next detection confirms them, or does
  not (`Sighting.confirmed`).
- When the face is not where it is expected, the whole frame is searched. A face that overlaps the
  expected box is the same; any other must look like the person (`FaceBoxEncoder`), for it may be
  another one after a cut. Then a new shot begins, and nothing is smoothed across.
- Where several people are in the picture, each detection must look like the person as well. After
  a cut (`synth.video.cuts`) nothing is expected anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from embed.faces.base import Detection, FaceBoxEncoder, Picture, Points, choose_faces
from embed.faces.dlib_faces import cut_around, resize_picture
from embed.faces.landmarks import FaceFinder
from embed.tracking.tracker_memory import PERSON, TrackerMemory
from synth.faces.boxes import SAME_FACE_OVERLAP, Box, compute_overlap
from synth.video.cuts import is_cut, make_glance

#: Side of a dlib box in standard deviations of the points, measured on faces from the front.
BOX_OF_SPREAD = 2.55
#: Points that lie elsewhere by more than this part of the box are placed again from there.
LARGE_STEP = 0.02
PLACED_AGAIN = 3
#: The part of a frame that is looked at for the expected face: this many boxes on each side.
MARGIN_BOXES = 0.8
#: Size of the expected face, as a multiple of the smallest that the detector finds.
LOCAL_SIZE = 1.35
#: A nearly lost box is given up for the detector's.
KEPT_OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class Sighting:
    """The person in one frame: points in its pixels, or None.

    `confirmed`: a detector saw the face in this very frame. `shot` counts up where the face was
    found again elsewhere. `is_cut`: the whole picture changed from the frame before.
    """

    points: Points | None
    confirmed: bool
    shot: int
    is_cut: bool = False


class PersonTracker:
    """Looks at one frame after the other, of one video. The encoder is asked only where places do
    not decide.

    `which`: the face to begin with (largest, or a number; 0 is the largest) in the first frame that
    shows any. `person`: instead, the vector of the person to look for from the beginning. All that
    it knows from frame to frame is its `memory`; with another tracker's it goes on in its place.
    """

    def __init__(
        self,
        finder: FaceFinder,
        encoder: FaceBoxEncoder | None,
        which: str | int = "largest",
        person: Float[np.ndarray, " dim"] | None = None,
        detect_every: int = 3,
        search_every: int = 25,
    ) -> None:
        if which == "all":
            raise ValueError("needs one face to follow: largest or a number; got all")
        if detect_every < 1 or search_every < 1:
            raise ValueError(
                f"needs detect_every and search_every of 1 or more; got {detect_every} and "
                f"{search_every}"
            )
        if person is not None and encoder is None:
            raise ValueError("needs a face encoder to look for a person; got none")
        self.finder, self.detect_every = finder, detect_every
        self._encoder, self._which = encoder, which
        self._search_every = search_every
        self.memory = TrackerMemory(person=person)

    def look(self, frame: Picture) -> Sighting:
        """The next frame's sighting."""
        self.memory.frame += 1
        before, self.memory.glance = self.memory.glance, make_glance(frame)
        begins_shot = before is not None and is_cut(before, self.memory.glance)
        if begins_shot:
            self.memory.box = None
            self.memory.places.begin_shot()
            self.memory.lost_since = self.memory.frame
        expected = self.memory.box
        if expected is not None and self.memory.frame % self.detect_every:
            return Sighting(self._place(frame, expected), False, self.memory.shot)
        found = self._detect(frame)
        if found is not None:
            return Sighting(self._place(frame, found), True, self.memory.shot, begins_shot)
        if expected is not None:
            self.memory.lost_since = self.memory.frame
        self.memory.box = None
        return Sighting(None, False, self.memory.shot, begins_shot)

    def _detect(self, frame: Picture) -> Box | None:
        """Where to place the points, by a detector: first where they are expected."""
        found = None
        if self.memory.box is not None:
            if self.memory.frame - self.memory.searched >= self._search_every:
                self._find_everybody(frame)
            found = self._look_around(frame, self.memory.box)
        return self._search(frame) if found is None and self._is_search_due() else found

    def _is_search_due(self) -> bool:
        """At once when a face is missed or due; then every `detect_every` frames."""
        lost = self.memory.frame - self.memory.lost_since if self.memory.box is None else 0
        return lost % self.detect_every == 0

    def _place(self, frame: Picture, box: Box) -> Points:
        """Points in a box, and again from where they lie while that is still elsewhere."""
        points = self.finder.placer.place(frame, box)
        for _ in range(PLACED_AGAIN):
            settled = make_box(points)
            if measure_step(box, settled) <= LARGE_STEP:
                break
            box, points = settled, self.finder.placer.place(frame, settled)
        self.memory.box = make_box(points)
        self.memory.places.move(PERSON, self.memory.box, self.memory.frame)
        return points

    def _look_around(self, frame: Picture, box: Box) -> Box | None:
        """Where to place the points, when the detector sees the face near the expected box."""
        best = find_near(frame, box, self.finder)
        if best is None or (self.memory.crowded and not self._is_person(frame, best)):
            return None
        return box if compute_overlap(box, best) >= KEPT_OVERLAP else best

    def _search(self, frame: Picture) -> Box | None:
        found = self._find_everybody(frame)
        if not found:
            return None
        if not self.memory.has_begun and self.memory.person is None:
            return self._begin(frame, found)
        owners = self.memory.places.match([one.box for one in found], self.memory.frame)
        nearest = found[owners.index(PERSON)] if PERSON in owners else None
        if nearest is not None and self.memory.box is not None and not self.memory.crowded:
            return self._keep(nearest.box)
        chosen = self._find_alike(frame, found, nearest)
        if chosen is None:
            return None
        place = self.memory.places.list_places(self.memory.frame).get(PERSON)
        if place is not None and compute_overlap(place, chosen.box) >= SAME_FACE_OVERLAP:
            return self._keep(chosen.box)
        self.memory.shot += 1
        return chosen.box

    def _find_everybody(self, frame: Picture) -> list[Detection]:
        found = self.finder.detect_faces(frame, every_size=True)
        self.memory.searched, self.memory.crowded = self.memory.frame, len(found) > 1
        return found

    def _begin(self, frame: Picture, found: list[Detection]) -> Box | None:
        """The first face; a number waits for a frame that shows so many."""
        if isinstance(self._which, int) and self._which >= len(found):
            return None
        sure_score = self.finder.detector.sure_score
        box = choose_faces(found, self._which, sure_score=sure_score)[0].box
        self.memory.has_begun = True
        if self._encoder is not None:
            self.memory.person = self._encoder.encode_face(frame, box)
        return box

    def _keep(self, box: Box) -> Box:
        """The expected box where the detector agrees with it, else the detector's."""
        expected = self.memory.box
        if expected is not None and compute_overlap(box, expected) >= KEPT_OVERLAP:
            return expected
        return box

    def _find_alike(
        self, frame: Picture, found: list[Detection], nearest: Detection | None
    ) -> Detection | None:
        """The face most like the person; without an encoder, the nearest, or the only one."""
        if self._encoder is None or self.memory.person is None:
            return nearest or (found[0] if len(found) == 1 else None)
        distances = [self._measure_distance(frame, one.box) for one in found]
        k = int(np.argmin(distances))
        return found[k] if distances[k] < self._encoder.same_person_distance else None

    def _is_person(self, frame: Picture, box: Box) -> bool:
        if self._encoder is None or self.memory.person is None:
            return True
        return self._measure_distance(frame, box) < self._encoder.same_person_distance

    def _measure_distance(self, frame: Picture, box: Box) -> float:
        assert self._encoder is not None and self.memory.person is not None
        return float(np.linalg.norm(self._encoder.encode_face(frame, box) - self.memory.person))


def find_near(frame: Picture, box: Box, finder: FaceFinder) -> Box | None:
    """The detection that overlaps `box` most, looked for around it only; None without any."""
    side = max(float((box[2:] - box[:2]).mean()), 1.0)
    part, corner = cut_around(frame, box, MARGIN_BOXES * side)
    scale = LOCAL_SIZE * finder.detector.min_face_px / side
    shift = np.tile(corner, 2) - 0.5
    found = finder.detector.detect(resize_picture(part, scale))
    boxes = [(one.box + 0.5) / scale + shift for one in found]
    overlaps = [compute_overlap(one, box) for one in boxes]
    if not overlaps or max(overlaps) < SAME_FACE_OVERLAP:
        return None
    return boxes[int(np.argmax(overlaps))]


def make_box(points: Points) -> Box:
    """The box that a detector would have put around these points, but without its steps."""
    centre = points.mean(axis=0)
    half = BOX_OF_SPREAD / 2 * float(np.sqrt(points.var(axis=0).sum()))
    return np.concatenate([centre - half, centre + half])


def measure_step(before: Box, after: Box) -> float:
    """How far the box moved or grew, in sides of it."""
    side = max(float((before[2:] - before[:2]).mean()), 1.0)
    return float(np.abs(after - before).max()) / side
