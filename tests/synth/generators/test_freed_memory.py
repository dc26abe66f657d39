"""Freed memory is kept for the next picture where the C library can be asked to."""

import sys

import pytest
import torch

from synth.generators.memory import reuse_freed_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_kept() -> None:
    if not reuse_freed_memory():
        pytest.skip("the C library is not glibc")
    resource = pytest.importorskip("resource")
    for _ in range(2):
        torch.ones(2**24)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24)
    # 64 MB are 16384 pages.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 1000
