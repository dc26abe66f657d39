"""Setting up: a virtual environment that was left half-made is made again, or says what is missing;
so does a disk that is too small.

Debian's Python without python3-venv fails after it has written .venv/bin/python, but no pip.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def write_command(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make_test(folder, python):
    """`make test` in a folder of its own, with a Python that does what this text says."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, folder)
    write_command(folder / "bin" / "python", python)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["make", "test", f"PYTHON={folder / 'bin' / 'python'}"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )


pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def test_a_half_made_environment_is_not_taken_for_a_whole_one(tmp_path):
    half = tmp_path / ".venv" / "bin" / "python"
    write_command(half, "exit 9")
    done = make_test(tmp_path, 'echo "asked $*"; exit 1')
    assert done.returncode != 0
    assert "asked -m venv .venv" in done.stdout
    assert "try: apt install python3-venv" in done.stderr
    assert not list((tmp_path / ".venv").glob(".*-ready"))


def test_too_little_space_is_told_before_anything_is_fetched(tmp_path):
    write_command(tmp_path / "bin" / "df", "echo Filesystem; echo /dev/disk 9 6 3145728 67% /")
    command = r"#!/bin/sh\necho fetching >> fetched\n"
    files = ".venv/bin/pip .venv/bin/python"
    made = f"mkdir -p .venv/bin; printf '{command}' | tee {files}; chmod +x {files}"
    done = make_test(tmp_path, made)
    assert done.returncode != 0
    assert "GB free for .venv" in done.stderr and "found 3 GB" in done.stderr
    assert not (tmp_path / "fetched").exists()
    assert not list((tmp_path / ".venv").glob(".*-ready"))
