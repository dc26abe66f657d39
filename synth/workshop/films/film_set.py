"""Short films of one size with the category of each, whatever they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt8

#: uint8 RGB; may be memory-mapped.
Films = UInt8[np.ndarray, "film frame height width 3"]


@dataclass(frozen=True, eq=False)
class FilmSet:
    """films uint8; categories [film], places in `names`: of the emotion or action of each film."""

    films: Films
    categories: Int[np.ndarray, " film"]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.films)

    def cut(self, first: int, end: int | None = None) -> FilmSet:
        """The films from `first` up to `end`."""
        return FilmSet(self.films[first:end], self.categories[first:end], self.names)


def pick_frames(found: int, wanted: int, random: np.random.Generator | None = None) -> np.ndarray:
    """Which of a clip's `found` frames make a film of `wanted`: even steps, as wide as they fit.

    They begin anywhere that leaves room, or, without `random`, in the middle of it. Raises
    ValueError for a clip that is too short.
    """
    if not 1 <= wanted <= found:
        raise ValueError(f"needs clips of at least {wanted} frames; got {found}; try fewer frames")
    step = max(1, (found - 1) // (wanted - 1)) if wanted > 1 else 1
    room = found - 1 - step * (wanted - 1)
    start = room // 2 if random is None else int(random.integers(room + 1))
    return start + step * np.arange(wanted)
