"""What was found of a person so far, a block of frames after the other: who was stopped goes on.

In: the findings of some frames, and how far following had come after them. Out: a folder for each
block, which appears whole, with the sums of its files, or not at all. Blocks that are there in
order count; after the first that is missing or damaged the clip is followed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from embed.tracking.following import Following
from synth.storage.arrays import load_array, load_arrays
from synth.storage.atomic import write_folder_atomically
from synth.storage.checksums import find_damage, write_checksums

ARRAYS = ("quads", "points", "rows", "textures")
_STATE = "following.npz"


@dataclass(frozen=True, eq=False)
class Findings:
    """Of some frames: quads and points in the clip's pixels, rows W+ float16; NaN where nobody is
    seen. textures: the face in its own coordinates."""

    quads: Float[np.ndarray, "frame 4 2"]
    points: Float[np.ndarray, "frame 68 2"]
    rows: Float[np.ndarray, "frame layer w_dim"]
    textures: UInt8[np.ndarray, "frame 48 48 3"]

    @classmethod
    def join(cls, parts: Sequence[Findings]) -> Findings:
        """Those of parts that follow one another."""
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in ARRAYS))


@dataclass(frozen=True)
class KeptBlocks:
    """The blocks of one clip, in `folder`."""

    folder: Path

    def add(self, found: Findings, following: Following) -> None:
        """Keep the findings of the frames before the one that is due. Raises OSError."""
        first = following.given - len(found.quads)
        with write_folder_atomically(self._find(first), replace=True) as made:
            for name in ARRAYS:
                np.save(made / f"{name}.npy", getattr(found, name))
            np.savez(made / _STATE, **following.pack())  # pyright: ignore[reportArgumentType]
            write_checksums(made)

    def load_following(self) -> Following:
        """How far the blocks come; a new one where there is none."""
        blocks = list(self._list())
        return Following.unpack(load_arrays(blocks[-1] / _STATE)) if blocks else Following()

    def load(self) -> Iterator[Findings]:
        """The findings of each block, in order."""
        for block in self._list():
            yield Findings(*(load_array(block / f"{name}.npy") for name in ARRAYS))

    def _list(self) -> Iterator[Path]:
        first = 0
        while find_damage(block := self._find(first)) is None:
            yield block
            first += len(np.load(block / "quads.npy", mmap_mode="r"))

    def _find(self, first: int) -> Path:
        return self.folder / f"from-{first:08d}"
