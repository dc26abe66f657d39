"""Faces cut out of a picture: the protocol of whoever finds them, for footage to be looked at.

`embed.tracking.face_cutting` implements it; `emotion_seq.trailers` asks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from synth.faces.boxes import Box

Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, eq=False)
class FaceCut:
    """A face: where it is in the picture, and its crop in FFHQ alignment."""

    box: Box
    crop: UInt8[np.ndarray, "size size 3"]


@runtime_checkable
class FaceCutter(Protocol):
    """Finds faces and cuts them out."""

    #: Goes into files beside what was found.
    name: str

    def cut_faces(self, picture: Picture, near: Sequence[Box] = ()) -> list[FaceCut]:
        """The faces of a picture, largest first.

        `near`: look around these places only, which is much faster; a face that has left its
        place is then not found. Empty: the whole picture.
        """
        ...
