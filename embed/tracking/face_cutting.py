"""Faces of single frames, cut out in FFHQ alignment: what `emotion_seq.trailers` sees with.

In: a uint8 RGB picture, and perhaps the boxes of faces that are expected. Out: `FaceCut`s.
"""

from __future__ import annotations

from collections.abc import Sequence

from embed.faces.align import align_face
from embed.faces.base import Detection, choose_faces, drop_doubles
from embed.faces.landmarks import FaceFinder
from embed.tracking.face_tracking import find_near, make_box
from synth.faces.face_cutting import Box, FaceCut, Picture

#: Footage is searched at one size: a face of an eighth of the longer side is found.
FOOTAGE_SEARCH_PX = (640,)


class AlignedFaceCutter:
    """A `FaceCutter` by name of detector (hog, cnn, sfd) and points (dlib, fan, own).

    `crop_px` is the side of the crops: 1024 as in the thesis, less for speed.
    """

    def __init__(
        self,
        detector: str = "hog",
        points: str = "dlib",
        search_px: Sequence[int] = FOOTAGE_SEARCH_PX,
        crop_px: int = 128,
    ) -> None:
        if crop_px < 16:
            raise ValueError(f"needs crops of 16 pixels or more; got crop_px={crop_px}")
        self._finder, self._crop_px = FaceFinder(detector, points, search_px), crop_px
        sizes = "/".join(str(size) for size in search_px)
        parts = (f"{self._finder.detector.name} at {sizes} px", self._finder.placer.name)
        self.name = f"{', '.join(parts)}, crops of {crop_px}"

    def fetch_models(self) -> None:
        """Find, or download, and verify what will be needed."""
        self._finder.fetch_models()

    def cut_faces(self, picture: Picture, near: Sequence[Box] = ()) -> list[FaceCut]:
        """The faces of a picture, largest first; around `near` only, where given."""
        if near:
            boxes = [find_near(picture, box, self._finder) for box in near]
            found = drop_doubles([Detection(box, 0.0) for box in boxes if box is not None])
        else:
            found = self._finder.detect_faces(picture, every_size=True)
        return [self._cut(picture, one) for one in choose_faces(found, "all")]

    def _cut(self, picture: Picture, found: Detection) -> FaceCut:
        points = self._finder.placer.place(picture, found.box).astype(float)
        return FaceCut(make_box(points), align_face(picture, points, self._crop_px).crop)
