"""Setting up: a virtual environment that was left half-made is made again, or says what is missing.

Debian's Python without python3-venv fails after it has written .venv/bin/python, but no pip.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_half_made_environment_is_not_taken_for_a_whole_one(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, tmp_path)
    half = tmp_path / ".venv" / "bin" / "python"
    half.parent.mkdir(parents=True)
    half.write_text("#!/bin/sh\nexit 9\n")
    half.chmod(0o755)
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "asked $*"\nexit 1\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "test", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "asked -m venv .venv" in done.stdout
    assert "try: apt install python3-venv" in done.stderr
    assert not list((tmp_path / ".venv").glob(".*-ready"))
