"""A spectrogram of any length as a picture of bounded width, made while columns arrive.

In: columns [bin, column], some at a time, nobody knows how many. Out: the means of as many
neighbouring columns as it takes to have no more than asked for.
"""

from __future__ import annotations

import numpy as np


class PooledColumns:
    """Collects columns; whenever twice as many as `most` are there, neighbours are averaged."""

    def __init__(self, most: int = 2400) -> None:
        self._most, self._pool = most, 1
        self._kept: list[np.ndarray] = []
        self._waiting = np.zeros((0, 0))
        self._count = 0

    def add(self, columns: np.ndarray) -> None:
        """Take [bin, column] more."""
        if self._waiting.size:
            columns = np.concatenate([self._waiting, columns], axis=1)
        self._waiting = self._keep(columns)
        while self._count > 2 * self._most:
            kept = np.concatenate(self._kept, axis=1)
            whole = kept.shape[1] // 2 * 2
            halves = kept[:, :whole].reshape(len(kept), -1, 2).mean(2)
            # The odd one is put back as the columns that it stands for.
            odd = np.repeat(kept[:, whole:], self._pool, axis=1)
            self._pool *= 2
            self._kept, self._count = [halves], halves.shape[1]
            self._waiting = self._keep(np.concatenate([odd, self._waiting], axis=1))

    def collect(self) -> np.ndarray:
        """The picture [bin, pooled column]; the last may stand for fewer columns."""
        parts = list(self._kept)
        if self._waiting.shape[1]:
            parts.append(self._waiting.mean(1, keepdims=True))
        return np.concatenate(parts, axis=1)

    def _keep(self, columns: np.ndarray) -> np.ndarray:
        """Keep the means of whole groups, and return the columns that are left."""
        whole = columns.shape[1] // self._pool * self._pool
        if whole:
            means = columns[:, :whole].reshape(len(columns), -1, self._pool).mean(2)
            self._kept.append(means)
            self._count += means.shape[1]
        return columns[:, whole:].copy()
