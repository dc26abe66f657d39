"""How near the squares of our own points come to those of dlib's: python -m benchmarks.alignment

    python -m benchmarks.alignment                       # scikit-image's photo, 24 bundled faces
    python -m benchmarks.alignment --photos my_photos    # and all photos in a folder

A face is cut out by its square (FFHQ's alignment). Errors are the mean distance of the four corners
from those that dlib's 68 points give, in pixels of a crop of 1024; those of the eyes (both, mean)
and of the mouth beside it. For what the present alignment holds itself, dlib's points are placed
again in boxes moved by 5 % of their side: the median error of eight such squares. Faces are found
by dlib's HOG detector; all faces of a photo count.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embed.faces.align import compute_quad
from embed.faces.base import Box, Picture, PointPlacer, Points
from embed.faces.dlib_faces import DlibPoints
from embed.faces.landmarks import FaceFinder
from embed.faces.learned.placer import RenderPoints
from embed.photos.loading import load_photo
from synth.faces.random_faces import map_seeds
from synth.generators import load_bundled_generator
from synth.types import to_frames

CROP_PX = 1024
MOVED = 0.05
#: The rule by which one alignment may stand for the other.
NEAR_PX = 2.0
FACES = 24
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Row:
    """One face: errors in pixels of the crop. own_noise: dlib's against itself in a moved box."""

    name: str
    ours: float
    own_noise: float
    eyes: float
    mouth: float


def measure_face(name: str, picture: Picture, box: Box, ours: PointPlacer) -> Row:
    """One face of a picture."""
    dlib = DlibPoints()
    points = dlib.place(picture, box)
    found = ours.place(picture, box)
    side = float((box[2:] - box[:2]).mean())
    random = np.random.default_rng(0)
    moved = [
        measure_corners(dlib.place(picture, box + np.tile(step, 2)), points)
        for step in random.normal(0, MOVED * side, (8, 2))
    ]
    eyes, mouth = measure_parts(found, points)
    return Row(name, measure_corners(found, points), float(np.median(moved)), eyes, mouth)


def measure_corners(points: Points, reference: Points) -> float:
    """Mean distance of the corners of two squares, in pixels of the second one's crop."""
    quad, other = compute_quad(points), compute_quad(reference)
    side = float(np.hypot(*(other[3] - other[0])))
    return float(np.hypot(*(quad - other).T).mean()) / side * CROP_PX


def measure_parts(points: Points, reference: Points) -> tuple[float, float]:
    """Distance of the eyes' middles (the mean of both), and of the mouth's."""
    quad = compute_quad(reference)
    scale = CROP_PX / float(np.hypot(*(quad[3] - quad[0])))
    parts = [slice(36, 42), slice(42, 48), [48, 54]]
    apart = [
        float(np.hypot(*(points[one].mean(axis=0) - reference[one].mean(axis=0)))) * scale
        for one in parts
    ]
    return (apart[0] + apart[1]) / 2, apart[2]


def list_pictures(photos: Path | None) -> Iterator[tuple[str, str, Picture]]:
    """Kind, name and pixels: photos first, then bundled faces."""
    from skimage import data

    yield "photo", "scikit-image, astronaut", data.astronaut()
    if photos is not None:
        for path in sorted(photos.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                yield "photo", path.name, load_photo(path)
    generator = load_bundled_generator()
    for seed in range(FACES):
        frame = to_frames(generator.synthesis(map_seeds([seed], generator, 0.7)))[0]
        yield "bundled", f"bundled, seed {seed}", frame


def main() -> None:
    """Print a row for each photo, and means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of photos")
    parser.add_argument("--weights", help="another network, as scripts.train_points writes")
    parser.add_argument("--each", action="store_true", help="a row for each bundled face too")
    a = parser.parse_args()
    finder, ours = FaceFinder(), RenderPoints(a.weights)
    rows: dict[str, list[Row]] = {"photo": [], "bundled": []}
    print("| face | corners | eyes | mouth | dlib in a moved box |\n|---|---|---|---|---|")
    for kind, name, picture in list_pictures(a.photos):
        for number, one in enumerate(finder.detect_faces(picture, every_size=True)):
            row = measure_face(f"{name} ({number})", picture, one.box, ours)
            rows[kind].append(row)
            if kind == "photo" or a.each:
                print(format_row(row), flush=True)
    for kind, found in rows.items():
        if found:
            print(format_row(average(f"{kind}, mean of {len(found)}", found)))
    near = sum(row.ours <= NEAR_PX for row in rows["photo"])
    print(f"\nwithin {NEAR_PX:g} px: {near} of {len(rows['photo'])} faces in photos")


def average(name: str, rows: list[Row]) -> Row:
    """The mean of each figure."""
    numbers = np.mean([(r.ours, r.own_noise, r.eyes, r.mouth) for r in rows], axis=0)
    return Row(name, *map(float, numbers))


def format_row(row: Row) -> str:
    """A line of the table."""
    return (
        f"| {row.name} | {row.ours:.1f} | {row.eyes:.1f} | {row.mouth:.1f} | {row.own_noise:.1f} |"
    )


if __name__ == "__main__":
    main()
