"""The thesis's pictures from rendered people: emotions, mouths and eyes, side views, as photos.

Each subject has the seven emotions, five calm pictures with other mouths and eyes, and six turned
heads: 18 pictures, 540 of 30 people (section 3.1 counts 534). They are put on a larger canvas,
turned and scaled by chance, so that they have to be found and aligned like photos. What is drawn
already is not drawn again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.quality.pictures import Renderer
from synth.emotions import Emotion
from synth.generators.bundled_parameters import (
    Z_DIM,
    FaceParameters,
    map_latents_to_parameters,
    truncate_parameters,
)
from synth.storage.atomic import write_atomically, write_text_atomically

#: People of other seeds than any data set's.
SEED = 77_000
PSI = 0.8
#: Calm faces that differ in mouth and eyes.
VARIANTS = (
    {"blink": 1.0},
    {"pucker": 1.2},
    {"mouth_shift": 1.5},
    {"brow_raise": 1.2},
    {"blink": 0.6, "pucker": 0.8},
)
TURNS = (-1.8, 1.8)
TURNED = (None, "happiness", "surprise")
#: The canvas, and how far photos are turned and scaled.
CANVAS = 1.5
MOST_DEGREES, SCALES = 12.0, (0.75, 1.0)


def render_subjects(renderer: Renderer, folder: Path, subjects: int, size_px: int) -> Path:
    """Photos and labels.csv in `folder`; -> the CSV."""
    if subjects < 2:
        raise ValueError(f"needs at least 2 subjects; got {subjects}")
    rows = []
    for number in range(subjects):
        for name, emotion, face in list_pictures(make_person(number)):
            path = folder / f"s{number:03d}" / f"{name}.png"
            random = np.random.default_rng([SEED, number, len(rows)])
            if not path.is_file():
                photo = place_on_canvas(renderer.render(face, size_px), random)
                with write_atomically(path) as temporary:
                    Image.fromarray(photo).save(temporary, format="PNG")
            place = path.relative_to(folder).as_posix()
            rows.append([place, f"s{number:03d}", emotion.label, 1, f"{face['yaw']:.4f}"])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [["file", "subject", "emotion", "intensity", "yaw"], *rows]
    )
    write_text_atomically(folder / "labels.csv", text.getvalue())
    return folder / "labels.csv"


def make_person(number: int) -> FaceParameters:
    """Person `number`: random, calm."""
    z = np.random.default_rng([SEED, number]).standard_normal((1, Z_DIM), np.float32)
    parameters = truncate_parameters(map_latents_to_parameters(z), np.full(1, PSI))
    return FaceParameters.from_vector(parameters[0]).with_emotion(None)


def list_pictures(person: FaceParameters) -> Iterator[tuple[str, Emotion, FaceParameters]]:
    """Name, emotion and parameters of each picture of a person."""
    for emotion in Emotion:
        yield emotion.label, emotion, person.with_emotion(emotion.label if emotion else None)
    for number, values in enumerate(VARIANTS):
        yield f"calm_variant{number}", Emotion.CALM, person.with_appearance(**values)
    for number, yaw in enumerate(TURNS):
        for name in TURNED:
            emotion = Emotion.CALM if name is None else Emotion.parse(name)
            turned = person.with_emotion(name).with_appearance(yaw=yaw)
            yield f"{emotion.label}_side{number}", emotion, turned


def place_on_canvas(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The picture turned, scaled and moved by chance on a larger canvas that repeats its edge."""
    size = picture.shape[0]
    canvas = round(CANVAS * size)
    angle = random.uniform(-MOST_DEGREES, MOST_DEGREES)
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), angle, random.uniform(*SCALES))
    matrix[:, 2] += (canvas - size) / 2 + random.uniform(-0.05, 0.05, 2) * size
    return cv2.warpAffine(
        picture, matrix, (canvas, canvas), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
