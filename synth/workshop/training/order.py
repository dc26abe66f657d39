"""Which pictures a training sees next: whole passes in random order, none twice in a pass.

Fixed by seed and size alone, so a run that was stopped goes on with the pictures that it would have
seen. A pass is over the pictures that were finished when it began: a data set may grow meanwhile,
and the next pass takes in what is new.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np


@dataclass
class Passes:
    """Where the reading of one size stands: `place` of the `pass_index`-th pass over `count`."""

    count: int = 0
    pass_index: int = -1
    place: int = 0
    _order: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    def draw(self, seed: list[int], first: int, count: int, wanted: int) -> np.ndarray:
        """The next `wanted` of the pictures from `first` to `count`, without repeats in a pass."""
        parts: list[np.ndarray] = []
        missing = wanted
        while missing:
            if self.place >= self.count:
                self.count, self.place = count - first, 0
                self.pass_index += 1
                self._order = np.zeros(0, np.int64)
            if not len(self._order):
                chance = np.random.default_rng([*seed, self.pass_index])
                self._order = chance.permutation(self.count)
            part = self._order[self.place : self.place + missing]
            self.place += len(part)
            missing -= len(part)
            parts.append(part)
        return np.concatenate(parts) + first


class PictureOrder:
    """The next pictures of each size, never the `first` ones, which are held out."""

    def __init__(self, seed: int, first: int) -> None:
        self.seed, self.first = seed, first
        self.passes: dict[int, Passes] = {}

    def draw(self, size_px: int, count: int, wanted: int) -> np.ndarray:
        """Sorted indices [wanted] of pictures of one size, of which `count` are finished.

        Raises ValueError when all of them are held out.
        """
        if count <= self.first:
            raise ValueError(
                f"needs more than {self.first} pictures of {size_px} pixels, which are held out; "
                f"got {count}; try waiting for more renders"
            )
        passes = self.passes.setdefault(size_px, Passes())
        return np.sort(passes.draw([self.seed, size_px], self.first, count, wanted))

    def state_dict(self) -> dict[str, dict[str, int]]:
        """For the run's state."""
        return {
            str(size): {key: value for key, value in asdict(p).items() if key != "_order"}
            for size, p in self.passes.items()
        }

    def load_state_dict(self, state: dict[str, dict[str, int]]) -> None:
        """Take the state up."""
        self.passes = {
            int(size): Passes(places["count"], places["pass_index"], places["place"])
            for size, places in state.items()
        }
