"""Renders with their 68 landmarks, to learn where those are: made once, kept on disk in blocks.

In: a head model, how many, a seed; or the renders that a generator learns from, whose parameters
are known. Out: a folder with a file for each block of 64: pictures [64, 256, 256, 3] uint8 and
points [64, 68, 2] in their pixels, of the posed head model, hidden ones too. Heads that are drawn
for this turn further than those of the generator, and have the proportions of the people who were
scanned, or stand half way between those and the designed ones, block by block. Where the same
people are to be seen again and again, each has several looks one after another: another expression
and another turn of the head, all else as it was.
A run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from synth.generators.bundled_parameters import (
    MOVEMENT_NAMES,
    POSE_NAMES,
    Z_DIM,
    FaceParameters,
    map_latents_to_parameters,
)
from synth.learning.rendered_faces import BLOCK, HELD_OUT, FaceDataset
from synth.storage.arrays import load_arrays
from synth.storage.atomic import write_atomically
from synth.storage.run_settings import keep_settings
from synth.workshop.portraits.renderer import FaceRenderer

PICTURE_PX = 256
#: How far proportions are the designed ones, from block to block.
STYLES = (0.0, 0.5)
#: How much further heads turn than those of the bundled generator, at most: 37 and 19 degrees.
MORE_YAW, MORE_PITCH = 2.0, 2.5


@dataclass(frozen=True)
class MarkedFaces:
    """pictures [n, 256, 256, 3] uint8, points [n, 68, 2] float32."""

    pictures: np.ndarray
    points: np.ndarray


def render_marked_faces(
    folder: Path, head_model: str | Path, count: int, seed: int, looks: int = 1
) -> Iterator[int]:
    """Make or finish the folder; tells, block by block, how many pictures are there.

    looks: pictures of each person. Raises ValueError for a count that is not of whole blocks, and
    a folder of another seed or other looks.
    """
    if count % BLOCK or count < BLOCK:
        raise ValueError(f"needs a count in multiples of {BLOCK}; got {count}")
    folder.mkdir(parents=True, exist_ok=True)
    # Folders of single looks, which are older, say nothing of them.
    several = {"looks": looks} if looks > 1 else {}
    keep_settings(folder / "plan.json", {"seed": seed, "styles": list(STYLES), **several})

    @cache
    def get_renderer(style: float) -> FaceRenderer:
        return FaceRenderer(head_model, style)

    for block in range(count // BLOCK):
        if not _name_block(folder, block).exists():
            style = STYLES[block % len(STYLES)]
            _save_block(folder, block, render_block(get_renderer(style), seed, block, looks))
        yield (block + 1) * BLOCK


def mark_renders(folder: Path, head_model: str | Path, data: FaceDataset) -> Iterator[int]:
    """As `render_marked_faces`, of pictures that were drawn before; all but the held-out ones.

    Raises ValueError for pictures without the size that is needed.
    """
    if PICTURE_PX not in data.pictures:
        raise ValueError(
            f"needs renders of {PICTURE_PX} pixels; got those of {sorted(data.pictures)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    renderer: FaceRenderer | None = None
    starts = range(HELD_OUT, len(data.parameters) - BLOCK + 1, BLOCK)
    for block, start in enumerate(starts):
        if not _name_block(folder, block).exists():
            renderer = renderer or FaceRenderer(head_model)
            chosen = slice(start, start + BLOCK)
            points = [
                renderer.find_landmarks(FaceParameters.from_vector(vector), PICTURE_PX)
                for vector in data.parameters[chosen]
            ]
            pictures = np.array(data.pictures[PICTURE_PX][chosen])
            _save_block(folder, block, MarkedFaces(pictures, np.array(points, np.float32)))
        yield (block + 1) * BLOCK


def render_block(renderer: FaceRenderer, seed: int, block: int, looks: int = 1) -> MarkedFaces:
    """The faces of one block."""
    people = draw_people(seed, block, looks)
    pictures = np.stack([renderer.render(face, PICTURE_PX) for face in people])
    points = np.stack([renderer.find_landmarks(face, PICTURE_PX) for face in people])
    return MarkedFaces(pictures, points.astype(np.float32))


def draw_people(seed: int, block: int, looks: int = 1) -> list[FaceParameters]:
    """The people of one block, some with heads turned further than the vocabulary's."""
    random = np.random.default_rng([seed, block])
    vectors = map_latents_to_parameters(random.normal(size=(BLOCK, Z_DIM)).astype(np.float32))
    further = random.uniform((1, 1), (MORE_YAW, MORE_PITCH), (BLOCK, 2))
    faces = [FaceParameters.from_vector(vector) for vector in vectors]
    people = [_look_like(faces[k - k % looks], face) for k, face in enumerate(faces)]
    return [_turn_further(face, *more) for face, more in zip(people, further, strict=True)]


def load_marked_faces(folder: Path, count: int | None = None) -> MarkedFaces:
    """The first `count` faces of a folder, or all, read whole.

    Raises FileNotFoundError when there is none.
    """
    files = sorted(folder.glob("faces_*.npz"))
    if not files:
        raise FileNotFoundError(f"{folder}: needs blocks of marked faces; found none")
    blocks = [load_arrays(file) for file in files[: None if count is None else count // BLOCK]]
    return MarkedFaces(
        np.concatenate([block["pictures"] for block in blocks]),
        np.concatenate([block["points"] for block in blocks]),
    )


def _name_block(folder: Path, block: int) -> Path:
    return folder / f"faces_{block:05d}.npz"


def _save_block(folder: Path, block: int, faces: MarkedFaces) -> None:
    with write_atomically(_name_block(folder, block)) as temporary:
        np.savez(temporary, pictures=faces.pictures, points=faces.points)


def _look_like(person: FaceParameters, shown: FaceParameters) -> FaceParameters:
    """The person as the other one holds their head, and with their expression."""
    moves = {name: shown[name] for name in (*POSE_NAMES, *MOVEMENT_NAMES)}
    return replace(person, emotions=shown.emotions).with_appearance(**moves)


def _turn_further(face: FaceParameters, yaw: float, pitch: float) -> FaceParameters:
    return face.with_appearance(yaw=yaw * face["yaw"], pitch=pitch * face["pitch"])
