"""Any Keras network of faces as an `EmotionScorer`, prepared as it was trained.

In: uint8 RGB faces in FFHQ alignment. Out: probabilities in the order of `Emotion`. The face is
cut out by `FaceBox`, made grey, resized, scaled to [-1, 1]; the answer is the mean of those for
the picture and its mirror image, since a face means the same from both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float

from emotion_seq.keras_backend import keras
from synth.emotions import Emotion
from synth.judging.emotion_scoring import Probabilities
from synth.types import Frames

Prepared = Float[np.ndarray, "face rows columns 1"]
#: Faces that go through a network at once.
BATCH = 64


@dataclass(frozen=True)
class FaceBox:
    """The square of an FFHQ crop that a network looks at, in shares of the crop's side."""

    left: float
    top: float
    side: float

    def cut(self, size_px: int) -> tuple[slice, slice]:
        """Rows and columns in a crop of that size."""
        left, top = round(self.left * size_px), round(self.top * size_px)
        side = max(1, round(self.side * size_px))
        return slice(top, top + side), slice(left, left + side)


class KerasScorer:
    """A network [face, n, n, 1] -> [face, class] with `classes` naming its columns.

    A network with fewer than seven classes gives 0 to those that it does not know.
    """

    def __init__(self, name: str, network: Any, box: FaceBox, classes: Sequence[Emotion]) -> None:
        size, outputs = network.input_shape[1], network.output_shape[-1]
        if len(set(classes)) != len(classes) or outputs != len(classes):
            raise ValueError(
                f"needs a class for each of the {outputs} outputs of {name}; got {list(classes)}"
            )
        self.name, self.box, self.size_px = name, box, int(size)
        self._network, self._columns = network, [int(one) for one in classes]

    def score(self, faces: Frames) -> Probabilities:
        """uint8 RGB faces [face, n, n, 3] in FFHQ alignment -> probabilities [face, 7]."""
        found = np.zeros((len(faces), len(Emotion)))
        prepared = prepare_faces(faces, self.box, self.size_px)
        for start in range(0, len(faces), BATCH):
            part = prepared[start : start + BATCH]
            both = np.concatenate([part, part[:, :, ::-1]])
            output = keras.ops.convert_to_numpy(self._network(both, training=False))
            mean = (output[: len(part)] + output[len(part) :]) / 2
            found[start : start + len(part), self._columns] = mean
        return found / np.maximum(found.sum(1, keepdims=True), 1e-9)


def prepare_faces(faces: Frames, box: FaceBox, size_px: int) -> Prepared:
    """FFHQ crops -> grey faces [face, size_px, size_px, 1] in [-1, 1].

    Raises ValueError for crops that are not square.
    """
    if faces.shape[1] != faces.shape[2]:
        raise ValueError(f"needs square faces in FFHQ alignment; got {faces.shape[1:3]} pixels")
    rows, columns = box.cut(faces.shape[1])
    prepared = np.empty((len(faces), size_px, size_px, 1), np.float32)
    for at, face in enumerate(faces):
        grey = cv2.cvtColor(np.ascontiguousarray(face[rows, columns]), cv2.COLOR_RGB2GRAY)
        way = cv2.INTER_AREA if grey.shape[0] > size_px else cv2.INTER_LINEAR
        prepared[at, ..., 0] = cv2.resize(grey, (size_px, size_px), interpolation=way)
    return prepared / 127.5 - 1
