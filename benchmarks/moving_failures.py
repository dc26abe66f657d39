"""What goes wrong when a photo's pixels are moved, as a sheet of pictures: docs/photos.md has it.

    python -m benchmarks.moving_failures --head-model ict_facekit.npz --out docs/photo_failures.png

In: the head model that renders are drawn with. Out: a PNG with a line for each case, the picture
that stands for a photo, what is made of it, and the true picture. Each case is drawn at rest and
with an emotion in full; the true W+ and the true pictures stand for what the generator knows, so
that what is seen is the moving of pixels alone. The points are found in the picture, as a photo's.
What is painted over a case, such as a hand, is in both true pictures, and unknown to what stands
for the generator; so are the missing colours of a grey picture and the few of a drawing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.moving import make_rows
from embed.faces.learned.placer import RenderPoints
from embed.moving.head_tracker import HeadTracker
from embed.moving.landmark_tracker import find_marks_near
from embed.moving.moving_photo import MovingPhoto
from embed.moving.painting import frame_crop
from synth.film.contact_sheet import TileLabel, make_contact_sheet, save_contact_sheet
from synth.generators import bundled_parameters
from synth.generators.bundled_head import BUNDLED_HEAD, BundledHead, load_head
from synth.generators.bundled_parameters import FaceParameters
from synth.types import Picture
from synth.workshop.portraits.renderer import FaceRenderer
from synth.workshop.training.fit_head import make_readout

#: Of a finger in picture widths: tip, root, half its width.
FINGERS = (
    ((0.57, 0.60), (0.86, 0.76), 0.028),
    ((0.55, 0.665), (0.86, 0.82), 0.030),
    ((0.56, 0.735), (0.86, 0.88), 0.029),
)
FINGER_COLOUR, EDGE_COLOUR = (196, 148, 122), (128, 84, 66)
#: Between two levels of a drawing's colours.
FEW_LEVELS = 48
#: What of a picture is shown: rows and columns in its widths.
SHOWN = slice(0.14, 0.94), slice(0.10, 0.90)


def draw_hand(picture: Picture) -> Picture:
    """Three fingers over a cheek and a corner of the mouth."""
    painted, size = picture.copy(), picture.shape[0]
    for tip, root, half in FINGERS:
        ends = [tuple(round(x * size) for x in end) for end in (tip, root)]
        line = partial(cv2.line, painted, *ends, lineType=cv2.LINE_AA)
        line(color=EDGE_COLOUR, thickness=round(2 * (half + 0.006) * size))
        line(color=FINGER_COLOUR, thickness=round(2 * half * size))
    return painted


def turn_grey(picture: Picture) -> Picture:
    """A black-and-white photograph."""
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)


def turn_drawn(picture: Picture) -> Picture:
    """A drawing in few colours, with a pen's lines."""
    flat = picture
    for _ in range(4):
        flat = cv2.bilateralFilter(flat, 9, 60, 9)
    size = picture.shape[0]
    few = ((flat // FEW_LEVELS) * FEW_LEVELS + FEW_LEVELS // 2).astype(np.uint8)
    lines = cv2.Canny(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY), 40, 90)
    width = max(1, round(size / 170))
    pen = cv2.dilate(lines, np.ones((width, width), np.uint8))[..., None] > 0
    return np.where(pen, np.uint8(30), few)


@dataclass(frozen=True)
class Case:
    """What goes wrong: the person of a seed, what is special, the emotion that is shown.

    paint: what makes the photograph of a picture.
    """

    name: str
    emotion: str
    seed: int
    appearance: dict[str, float] = field(default_factory=dict)
    paint: Callable[[Picture], Picture] = np.copy


CASES = (
    Case("turned by 30 degrees", "happiness", 1, {"yaw": 30 / 8.5, "glasses": 0.0}),
    Case(
        "glasses, a beard", "surprise", 3,
        {"glasses": 1.4, "glasses_shape": 0.8, "age": 1.0, "femininity": -1.5, "yaw": 0.5,
         "beard": 1.0, "beard_length": 0.9, "beard_cover": 0.7},
    ),
    Case("a hand before the face", "happiness", 5, {"yaw": 0.0, "glasses": 0.0}, draw_hand),
    Case("a closed mouth that opens", "surprise", 5, {"yaw": 0.0, "glasses": 0.0}),
    Case("black-and-white", "happiness", 8, {"yaw": 0.5, "glasses": 0.0}, turn_grey),
    Case("a drawing", "surprise", 11, {"yaw": 0.0, "glasses": 0.0}, turn_drawn),
)  # fmt: skip


def make_pictures(
    renderer: FaceRenderer, head: BundledHead, case: Case, size: int
) -> tuple[Picture, Picture, Picture]:
    """The picture that stands for a photo, moved, and true."""
    z = np.random.default_rng(case.seed).normal(size=(1, bundled_parameters.Z_DIM))
    plain = {"hat": 0.0, "roll": 0.0, "pitch": 0.0, "fringe": 0.2, **case.appearance}
    drawn = FaceParameters.from_vector(bundled_parameters.map_latents_to_parameters(z)[0])
    person = drawn.with_appearance(**plain)
    faces = person.with_emotion(None), person.with_emotion(case.emotion)
    before, now = (renderer.render(face, size) for face in faces)
    photo, rows = case.paint(before), [make_rows(face) for face in faces]
    near = (renderer.find_landmarks(faces[0], size) + 0.5) / size
    marks = find_marks_near(RenderPoints(), photo, near)
    tracker = HeadTracker(head, rows[0], marks)
    moving = MovingPhoto(frame_crop(photo), photo, before, tracker)
    return photo, moving.draw(rows[1], now), case.paint(now)


def list_tiles(
    renderer: FaceRenderer, head: BundledHead, size: int
) -> Iterator[tuple[Picture, str]]:
    """Tiles of the sheet and their labels, case by case."""
    part = tuple(slice(round(s.start * size), round(s.stop * size)) for s in SHOWN)
    for case in CASES:
        names = case.name, f"moved: {case.emotion}", "true"
        for picture, name in zip(make_pictures(renderer, head, case, size), names, strict=True):
            yield picture[part], name


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="what goes wrong when pixels are moved")
    parser.add_argument("--head-model", required=True, help="npz of scripts.convert_head_model")
    parser.add_argument("--out", default="photo_failures.png")
    parser.add_argument("--size", type=int, default=512, help="of the pictures before they shrink")
    parser.add_argument("--tile", type=int, default=200, help="side of a tile in pixels")
    options = parser.parse_args()
    readout, offset = make_readout()
    head = replace(load_head(BUNDLED_HEAD), readout=readout, offset=offset)
    tiles = list(list_tiles(FaceRenderer(options.head_model), head, options.size))
    labels = [TileLabel(name) for _, name in tiles]
    pictures = np.stack([picture for picture, _ in tiles])
    sheet = make_contact_sheet(pictures, labels, columns=3, tile_px=options.tile)
    save_contact_sheet(Path(options.out), sheet)


if __name__ == "__main__":
    main()
