"""A recipe for photos that takes no time, and a finder of faces at given places, for tests."""

from pathlib import Path

import numpy as np
from inversion_samples import draw_own_pictures, make_tiny_generator
from PIL import Image

from embed.faces.base import Detection
from embed.faces.landmarks import FaceFinder
from embed.inversion.settings import InversionSettings
from embed.photos.recipe import InversionRecipe
from synth.types import to_frames

SETTINGS = InversionSettings(steps=3, precision="fp32")


def make_recipe(**changes) -> InversionRecipe:
    given = {"finder": None, "settings": SETTINGS, "device": "cpu", **changes}
    return InversionRecipe(**given)


def save_pictures(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for k, frame in enumerate(to_frames(draw_own_pictures(make_tiny_generator(), count))):
        Image.fromarray(frame).save(folder / f"face{k}.png")
    return folder


class GivenFaces:
    """Finds faces at given places, of sides 40, 60, 80 ..."""

    name, min_face_px, sure_score = "given faces", 20, 0.5

    def __init__(self, count: int) -> None:
        self._count = count

    def detect(self, picture: np.ndarray) -> list[Detection]:
        sides = [40.0 + 20 * k for k in range(self._count)]
        lefts = [70.0 * k + 5 for k in range(self._count)]
        pairs = zip(lefts, sides, strict=True)
        boxes = [np.array([left, 20, left + side, 20 + side]) for left, side in pairs]
        return [Detection(box, 1.0) for box in boxes]


class GivenPoints:
    """An upright face that fills its box."""

    name = "given points"

    def place(self, picture: np.ndarray, box: np.ndarray) -> np.ndarray:
        points = np.tile((box[:2] + box[2:]) / 2, (68, 1))
        side = box[2] - box[0]
        points[36:42] += [-side / 5, -side / 8]
        points[42:48] += [side / 5, -side / 8]
        points[[48, 54]] += [[-side / 8, side / 4], [side / 8, side / 4]]
        return points


def find(count: int) -> FaceFinder:
    return FaceFinder(GivenFaces(count), GivenPoints(), [320])
