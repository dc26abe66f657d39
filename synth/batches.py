"""One after another -> several at once, in order: for whoever computes faster on many.

In: any items. Out: lists of them; no more than one list is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def take_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items, the last one shorter. Raises ValueError for a size below 1."""
    if size < 1:
        raise ValueError(f"needs batches of at least 1; got {size}")
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
