"""Workers that take parts of a batch at once, one thread each, and add up what they find.

Cores then wait for each other once in a step instead of twice in every operation. That is fast only
in a process with one thread per operation (`torch.set_num_threads(1)`), which is the caller's to
set. Parts are added in a fixed order: the same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import Parameter

T = TypeVar("T")


class Crew:
    """A number of workers; where it is one, the caller does all itself."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None

    def map(self, work: Callable[..., T], parts: Sequence[tuple[Any, ...]]) -> list[T]:
        """`work` on the arguments of each part, in their order."""
        if self._pool is None:
            return [work(*part) for part in parts]
        return [job.result() for job in [self._pool.submit(work, *part) for part in parts]]

    def add(
        self, work: Callable[[Tensor, Tensor, float], list[Tensor]], first: Tensor, second: Tensor
    ) -> list[Tensor]:
        """The sums of what `work` gives for parts of two batches and the share that each is."""
        parts = [
            (one, other, len(one) / len(first))
            for one, other in zip(
                first.tensor_split(self.workers), second.tensor_split(self.workers), strict=True
            )
            if len(one)
        ]
        found = self.map(work, parts)
        return [reduce(torch.add, tensors) for tensors in zip(*found, strict=True)]


def give_gradients(parameters: Iterable[Parameter], gradients: Iterable[Tensor | None]) -> None:
    """Hand gradients to an optimizer, each laid out in memory as its parameter is.

    Fused optimizers on a CPU read both as they lie: a gradient in another order of dimensions
    would move other weights than those that it belongs to.
    """
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None and gradient.stride() != parameter.stride():
            gradient = torch.empty_like(parameter).copy_(gradient)
        parameter.grad = gradient
