"""docs/extending.md: every example is run as it stands there, on a small generator."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import synth.generators
from synth.generators import load_generator
from synth.motion import direction_sets
from synth.video.reading import probe_video

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
#: Films that a section's examples leave, and their frames.
FILMS = {
    "A motion": ("sway", 16),
    "A generator": ("discs", 12),
    "Somebody who looks at faces": ("observed", 3),
}


def list_blocks(section: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", SECTIONS[section], re.DOTALL)


@pytest.fixture
def small(tiny_generator, tiny_directions, monkeypatch, tmp_path):
    """The tiny generator in place of the bundled one, and an empty folder to work in."""
    monkeypatch.setattr(
        synth.generators, "load_generator", lambda _: load_generator(tiny_generator), raising=False
    )
    monkeypatch.setattr(direction_sets, "BUNDLED_FOLDER", tiny_directions.parent)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("section", sorted(SECTIONS))
@pytest.mark.filterwarnings("ignore:.*has no faster form")
def test_every_example_runs(section, small, capsys):
    blocks = list_blocks(section)
    assert blocks
    for block in blocks:
        name = re.match(r"# (\w+)\.py\n", block)
        if name:
            (small / f"{name[1]}.py").write_text(block)
        exec(compile(block, section, "exec"), {"__name__": name[1] if name else "example"})
    if section in FILMS:
        folder, frames = FILMS[section]
        assert probe_video(small / folder / "video.mp4").frame_count == frames
        assert (small / folder / "contact_sheet.png").is_file()
        assert (small / folder / "scorecard.json").is_file()
    if section == "Progress":
        assert "stopped during render" in capsys.readouterr().out
        assert not (small / "stopped" / "video.mp4").exists()


@pytest.mark.parametrize("section", ["A motion", "A face"])
def test_the_command_line_takes_ones_own_class(section, small, run):
    (small / "my_motions.py").write_text(list_blocks("A motion")[0])
    (small / "my_faces.py").write_text(list_blocks("A face")[0])
    (command,) = re.findall(r"^    (MOODREEL_EXTENSIONS=.*)$", SECTIONS[section], re.MULTILINE)
    variable, *words = shlex.split(command)
    name, _, value = variable.partition("=")
    settings = words[words.index("scripts.generate_video") + 1 :]
    base = [entry for entry in run.base if section == "A face" or not entry.startswith("track.")]
    if section == "A face":
        settings.append("track.emotions=[calm]")
    environment = os.environ | {name: value, "PYTHONPATH": f"{REPOSITORY}:{small}"}
    call = [sys.executable, "-m", "scripts.generate_video", *base, *settings]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, cwd=small)
    assert done.returncode == 0, done.stderr
    assert "video.mp4" in run.list_results()
