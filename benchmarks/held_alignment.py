"""How much of consecutive ACD is the face, and how much the five points by which it is aligned.

    python -m benchmarks.held_alignment outputs/demo/video.mp4 one.safetensors another.safetensors

Each film is measured twice by dlib's networks: frame by frame, as the scorecard does, and with the
chip of every frame cut where the first frame's points are. The first figure holds the jitter of the
points besides the face, the second the movement of the head. Of a generator, the mean of a few
slow films is told: random faces on their first steps to other ones. Prints a table.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.quality.pictures import draw_faces
from embed.faces.dlib_faces import shrink_picture, to_box
from embed.networks.identity import WORK_PX, DlibFaceEncoder, cut_chip
from synth.faces.random_faces import map_seeds
from synth.generators import load_native
from synth.generators.base import Generator
from synth.scores.acd import compute_consecutive_acd
from synth.types import Frames
from synth.video.reading import read_frames

#: Of a generator: films, frames of each, and how far they go to another face, as a share of W.
PATHS, PATH_FRAMES, PATH_SHARE = 4, 20, 0.08


class Alignment(NamedTuple):
    """Consecutive ACD as it is, and by the first frame's points; how far points go in a frame, in
    pixels of a picture of at most WORK_PX; how far pixels of the frames do, in grey levels; frames
    whose box is not that of the frame before."""

    acd: float
    held_acd: float
    step_px: float
    change: float
    new_boxes: float


def measure_alignment(frames: Frames, encoder: DlibFaceEncoder) -> Alignment:
    """Both figures of a film. Raises ValueError for a single frame, or one without a face."""
    if len(frames) < 2:
        raise ValueError(f"needs two frames or more; got {len(frames)}")
    works = [shrink_picture(frame, WORK_PX)[0] for frame in frames]
    found = [encoder.find_points(work) for work in works]
    if None in found:
        number = found.index(None)
        raise ValueError(f"needs a face in every frame; none was found in frame {number}")
    boxes, shapes = zip(*(face for face in found if face is not None), strict=True)
    points = np.array([[(part.x, part.y) for part in shape.parts()] for shape in shapes])
    moves = np.diff([to_box(box) for box in boxes], axis=0)
    return Alignment(
        acd=_find_acd(encoder, works, shapes),
        held_acd=_find_acd(encoder, works, shapes[:1] * len(works)),
        step_px=float(np.linalg.norm(np.diff(points, axis=0), axis=-1).mean()),
        change=float(np.abs(np.diff(frames.astype(np.int16), axis=0)).mean()),
        new_boxes=float(np.any(moves, axis=1).sum()),
    )


def _find_acd(encoder: DlibFaceEncoder, works: list[np.ndarray], shapes: Sequence) -> float:
    chips = [cut_chip(work, shape) for work, shape in zip(works, shapes, strict=True)]
    acd = compute_consecutive_acd(encoder.embed_chips(chips))
    assert acd is not None
    return acd


def draw_paths(generator: Generator) -> Iterator[Frames]:
    """Slow films of random faces at psi 0.7, WORK_PX wide at most."""
    share = torch.linspace(0, PATH_SHARE, PATH_FRAMES)[:, None, None]
    for seed in range(PATHS):
        one, other = map_seeds([seed, seed + PATHS], generator, 0.7).split(1)
        yield draw_faces(generator, one + share * (other - one), WORK_PX)


def list_films(path: str, count: int) -> Iterator[Frames]:
    """The first frames of a film, or the films of a generator's file."""
    if path.endswith(".safetensors"):
        yield from draw_paths(load_native(Path(path)).generator)
    else:
        yield np.concatenate([*itertools.islice(read_frames(path, 1), count)])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="consecutive ACD without the points' jitter")
    parser.add_argument("paths", nargs="+", help="films, or generators' files (.safetensors)")
    parser.add_argument("--frames", type=int, default=90, help="of each film, the first ones")
    given = parser.parse_args()
    encoder = DlibFaceEncoder()
    print("| of | ACD | by the first frame's points | points go | pixels change | new boxes |")
    print("|---|---|---|---|---|---|")
    for path in given.paths:
        each = [measure_alignment(film, encoder) for film in list_films(path, given.frames)]
        found = Alignment(*map(float, np.mean(each, axis=0)))
        print(
            f"| {path} | {found.acd:.3f} | {found.held_acd:.3f} | {found.step_px:.2f} px "
            f"| {found.change:.2f} | {found.new_boxes:.1f} |"
        )


if __name__ == "__main__":
    main()
