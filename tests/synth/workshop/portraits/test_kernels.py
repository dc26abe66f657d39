"""A kernel is compiled again when what it calls has changed, in whatever file."""

import os
import subprocess
import sys
from pathlib import Path

from synth.workshop.portraits.kernels import choose_folder, find_digest

REPOSITORY = Path(__file__).resolve().parents[4]
COMPILER = """
from pathlib import Path
from synth.workshop.portraits.kernels import make_compiler
compile_kernel = make_compiler(Path(__file__).parent)
"""
INNER = """
from compiler import compile_kernel
@compile_kernel
def inner(x):
    return {factor} * x
"""
OUTER = """
from compiler import compile_kernel
from inner import inner
@compile_kernel
def outer(x):
    return inner(x) + 1
print(outer(10), sum(outer.stats.cache_hits.values()))
"""


def call(folder: Path) -> list[int]:
    """What the outer kernel says in a process of its own, and how many it found compiled."""
    paths = os.pathsep.join([str(folder), str(REPOSITORY)])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment["PYTHONPATH"] = paths
    done = subprocess.run(
        [sys.executable, "-c", "import outer"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_a_kernel_follows_what_it_calls(tmp_path):
    (tmp_path / "compiler.py").write_text(COMPILER)
    (tmp_path / "inner.py").write_text(INNER.format(factor=2))
    (tmp_path / "outer.py").write_text(OUTER)
    assert call(tmp_path) == [21, 0]
    assert call(tmp_path) == [21, 1]
    (tmp_path / "inner.py").write_text(INNER.format(factor=3))
    assert call(tmp_path) == [31, 0]


def test_kernels_that_nobody_has_used_for_a_day_go(tmp_path):
    old, late = tmp_path / "kernels-old", tmp_path / "kernels-late"
    for folder in (old, late):
        folder.mkdir()
        (folder / "kernel.nbc").touch()
    os.utime(old, (0, 0))
    assert choose_folder("kernels-new", [tmp_path]) == tmp_path / "kernels-new"
    assert late.exists() and not old.exists()


def test_a_place_that_cannot_be_written_is_passed_over(tmp_path):
    (tmp_path / "file").touch()
    places = [tmp_path / "file" / "below", tmp_path / "folder"]
    assert choose_folder("kernels-a", places) == tmp_path / "folder" / "kernels-a"
    assert choose_folder("kernels-a", places[:1]) is None


def test_the_digest_is_of_names_and_text(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.py").write_text("a")
    first = find_digest(tmp_path)
    assert first == find_digest(tmp_path)
    (tmp_path / "deep" / "a.py").write_text("b")
    second = find_digest(tmp_path)
    (tmp_path / "deep" / "a.py").rename(tmp_path / "deep" / "b.py")
    assert len({first, second, find_digest(tmp_path)}) == 3
