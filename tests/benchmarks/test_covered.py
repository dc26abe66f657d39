"""Ranges of frames, as they are written and read."""

import numpy as np
import pytest

from benchmarks.covered import list_ranges, read_ranges


def test_ranges_are_read_as_they_are_written():
    chosen = np.zeros(20, bool)
    chosen[[0, 1, 2, 7, 18, 19]] = True
    assert list_ranges(chosen) == "0-2, 7-7, 18-19"
    assert read_ranges(list_ranges(chosen)) == [(0, 2), (7, 7), (18, 19)]
    assert list_ranges(np.zeros(3, bool)) == "none"
    with pytest.raises(ValueError):
        read_ranges("3 to 7")
