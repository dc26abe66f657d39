"""Faces with known emotions, to train a classifier: a folder by emotion, or our own renders.

Faces are FFHQ crops. A held-out part, of other people where file names say who is who, is never
trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, Int

from emotion_seq.classifiers.four_layers import INNER_FACE, INPUT_PX
from emotion_seq.classifiers.keras_scorer import prepare_faces
from synth.emotions import Emotion
from synth.generators.bundled_parameters import EMOTION_SLICE
from synth.learning.rendered_faces import HELD_OUT, find_plain_cases, load_dataset

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """Prepared faces [face, 48, 48, 1], their emotions, and which of them are held out."""

    faces: Float[np.ndarray, "face rows columns 1"]
    emotions: Int[np.ndarray, " face"]
    held_out: np.ndarray
    about: str


@runtime_checkable
class LabelledFaceSource(Protocol):
    """Where labelled faces come from; making one costs nothing."""

    def load_faces(self) -> LabelledFaces:
        """Read and prepare them."""
        ...


@dataclass(frozen=True)
class FaceFolder:
    """`path`/anger/*.png and so on. The part of a name before the first `_` is taken for a person:
    a person's pictures are either trained on or held out."""

    path: str
    held_out: float = 0.2
    seed: int = 0

    def load_faces(self) -> LabelledFaces:
        """Raises ValueError for a folder without pictures of two emotions, or broken pictures."""
        files = [
            (file, emotion)
            for emotion in Emotion
            for file in sorted(Path(self.path, emotion.label).glob("*"))
            if file.suffix.lower() in PICTURES
        ]
        if len({emotion for _, emotion in files}) < 2:
            raise ValueError(
                f"needs pictures of two emotions or more in {self.path}/calm, .../anger and so on; "
                f"got {len(files)} pictures; try the names {', '.join(e.label for e in Emotion)}"
            )
        faces = np.concatenate([_read_face(file) for file, _ in files])
        persons = [file.name.split("_")[0] for file, _ in files]
        names = sorted(set(persons))
        order = np.random.default_rng(self.seed).permutation(len(names))
        count = max(1, round(self.held_out * len(names)))
        chosen = {names[k] for k in order[:count].tolist()}
        held_out = np.array([person in chosen for person in persons])
        return LabelledFaces(faces, np.array([int(e) for _, e in files]), held_out, self.path)


@dataclass(frozen=True)
class RenderedFaces:
    """The folder of `scripts.train_generator step=render`: faces that plainly show one emotion."""

    path: str
    size_px: int = 128

    def load_faces(self) -> LabelledFaces:
        """The first pictures, which no network of ours was trained on, are held out."""
        data = load_dataset(self.path)
        if self.size_px not in data.pictures:
            raise ValueError(
                f"{self.path}: needs pictures of {self.size_px} pixels; got {list(data.pictures)}"
            )
        emotions = find_plain_cases(data.parameters[:, EMOTION_SLICE])
        pictures = data.pictures[self.size_px]
        plain = np.flatnonzero(emotions[: len(pictures)] >= 0)
        faces = [prepare_faces(np.array(pictures[k : k + 1]), INNER_FACE, INPUT_PX) for k in plain]
        return LabelledFaces(
            np.concatenate(faces), emotions[plain], plain < HELD_OUT, "our renders (MIT)"
        )


def _read_face(file: Path) -> np.ndarray:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file}: needs a picture; got something that cannot be read")
    return prepare_faces(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)[None], INNER_FACE, INPUT_PX)
