"""Freed memory is kept for the next picture where the C library can be asked to."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
#: In a process of its own: what other tests left in this one's heap would have a say. 64 MB are
#: 16384 pages. Something else may once take a place in between: the best of a few counts.
ALLOCATE = """
import resource, torch
from synth.generators.memory import reuse_freed_memory
if not reuse_freed_memory():
    raise SystemExit("no glibc")
faults = []
for _ in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(min(faults))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_kept() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ALLOCATE], cwd=REPOSITORY, capture_output=True, text=True
    )
    if "no glibc" in ended.stderr:
        pytest.skip("the C library is not glibc")
    assert int(ended.stdout) < 1000, ended.stderr
