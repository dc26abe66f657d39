"""Directions from elsewhere and for elsewhere: .npy files, boundaries, lists of files.

Read: `.npy` [layer, w_dim] or [w_dim], and [1, w_dim] as InterFaceGAN saves the normal of a
boundary in W; a vector of one row stands for all rows. Of a folder, files are taken whose names
hold one emotion as a word (`emotion_angry.npy`). Written: the change of intensity 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from directions.labels.words import find_emotion
from synth.emotions import Emotion
from synth.generators.base import Generator
from synth.motion.direction_sets import DirectionSet
from synth.motion.directions import THESIS_COEFFICIENT, Direction
from synth.storage.arrays import load_array
from synth.storage.atomic import write_atomically

SUFFIX = ".npy"


def import_direction(
    path: str | Path,
    coefficient: float = THESIS_COEFFICIENT,
    shape: tuple[int, int] | None = None,
) -> Direction:
    """Read a direction; intensity 1 is `coefficient` times the file's.

    The file's own length is kept: it becomes part of the coefficient of the unit vector. `shape` is
    (layer, w_dim) of the generator, which a vector of one row needs. Raises ValueError naming the
    file.
    """
    path = Path(path)
    array = load_array(path)
    found = f"{array.dtype} {list(array.shape)}"
    is_row = array.ndim == 1 or (array.ndim == 2 and len(array) == 1)
    if is_row and shape is not None:
        array = np.broadcast_to(array.reshape(1, -1), (shape[0], array.size))
    fits = array.ndim == 2 and (shape is None or array.shape == shape)
    if not fits or array.dtype.kind != "f":
        wanted = "[layer, w_dim]" if shape is None else f"{list(shape)} or [{shape[1]}]"
        raise ValueError(f"{path}: needs a direction of shape {wanted}; got {found}")
    vector = torch.from_numpy(array.astype(np.float64))
    try:
        norm = float(torch.linalg.vector_norm(vector))
        return Direction.from_vector(vector, coefficient * norm if norm > 0 else coefficient)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def list_direction_files(path: Path) -> dict[Emotion, Path]:
    """A file, or the files of a folder, by the emotion that the name holds; calm is left out.

    Raises ValueError when none is found, or two for one emotion.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: needs .npy files of directions; found nothing there")
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    found: dict[Emotion, Path] = {}
    for file in files:
        emotion = find_emotion(file.stem)
        if emotion is None or emotion is Emotion.CALM:
            continue
        if emotion in found:
            raise ValueError(
                f"{path}: needs one file for {emotion.label}; got {found[emotion].name} and "
                f"{file.name}; try a folder with one of them"
            )
        found[emotion] = file
    if not found:
        raise ValueError(
            f"{path}: needs {SUFFIX} files with an emotion in their names (emotion_angry.npy); got "
            f"{', '.join(file.name for file in files[:9]) or 'none'}"
        )
    return found


def import_set(
    files: Mapping[Emotion, Path], generator: Generator, coefficient: float
) -> DirectionSet:
    """Files of directions as a set for this generator; the card says where each is from.

    Nobody measured whether the files are for this generator; `directions.checks` warns about some
    that are not.
    """
    shape = (generator.num_layers, generator.w_dim)
    directions = {e: import_direction(path, coefficient, shape) for e, path in files.items()}
    norms = {e.label: round(d.coefficient / coefficient, 6) for e, d in directions.items()}
    card = {
        "labels": "imported",
        "files": json.dumps({e.label: path.name for e, path in files.items()}),
        "file_norms": json.dumps(norms),
        "file_coefficient": f"{coefficient:g}",
    }
    return DirectionSet(directions, generator.name, generator.sha256, {}, card)


def export_set(folder: Path, fitted: DirectionSet) -> list[Path]:
    """Write `<emotion>.npy` of each direction; -> the files."""
    paths = []
    for emotion, direction in fitted.directions.items():
        paths.append(folder / f"{emotion.label}{SUFFIX}")
        export_direction(paths[-1], direction)
    return paths


def export_direction(path: str | Path, direction: Direction) -> None:
    """Write the change of intensity 1, coefficient * unit vector, as .npy [layer, w_dim]."""
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"{path}: needs a name ending in .npy; got {path.suffix!r}")
    change = (direction.vector * direction.coefficient).detach().cpu().float().numpy()
    with write_atomically(path) as temporary:
        np.save(temporary, change)
