"""A folder of renders, opened to learn from: pictures and the parameters that drew them.

In: a folder that `scripts.train_generator step=render` made. Out: `FaceDataset`, opened without
loading, and the emotions of its faces.
"""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from synth.emotions import Emotion
from synth.generators.bundled_parameters import EMOTIONS
from synth.plain_text import load_json
from synth.storage.arrays import load_array

#: Pictures are made, and counted, in blocks of so many.
BLOCK = 64
#: The first pictures are never trained on; they show what G(z) should be, without truncation.
HELD_OUT = 256
#: Emotion weights that sum to less are calm; one above FULL_FROM is a full expression.
CALM_BELOW, FULL_FROM = 0.1, 0.5
#: A plain case of one emotion has at most this much of all others.
OTHERS_BELOW = 0.15


@dataclass(frozen=True)
class FaceDataset:
    """z [n, 512] float32, parameters [n, p] float32, pictures by size, memory-mapped."""

    z: np.ndarray
    parameters: np.ndarray
    pictures: dict[int, np.ndarray]


def load_dataset(folder: str | Path) -> FaceDataset:
    """Open a data set as far as it is finished: up to the first block that is missing.

    Raises ValueError when that is not even one block.
    """
    folder = Path(folder)
    plan = load_json(folder / "plan.json")
    blocks = itertools.takewhile(
        lambda b: (folder / f"block_{b:05d}.done").exists(), itertools.count()
    )
    count = BLOCK * sum(1 for _ in blocks)
    if not count:
        raise ValueError(
            f"needs a data set with pictures; {folder} has no finished block of {BLOCK}; "
            "try the command that renders it again, it goes on"
        )
    sizes = {int(size): rows for size, rows in plan["counts"].items()}
    if count < max(sizes.values()):
        warnings.warn(
            f"{folder}: {count} of {max(sizes.values())} pictures are finished and will be used",
            stacklevel=2,
        )
    return FaceDataset(
        z=load_array(folder / "z.npy")[:count],
        parameters=load_array(folder / "parameters.npy")[:count],
        pictures={
            size: np.load(folder / f"pictures_{size}.npy", mmap_mode="r")[:count] for size in sizes
        },
    )


def find_plain_cases(weights: Float[np.ndarray, "face 6"]) -> np.ndarray:
    """Emotion weights -> the emotion [face] that a face plainly shows, -1 where it is mixed."""
    total, strongest = weights.sum(1), weights.max(1)
    columns = np.array([Emotion.parse(name) for name in EMOTIONS])
    plain = np.where(
        (strongest > FULL_FROM) & (total - strongest < OTHERS_BELOW), columns[weights.argmax(1)], -1
    )
    return np.where(total < CALM_BELOW, int(Emotion.CALM), plain)
