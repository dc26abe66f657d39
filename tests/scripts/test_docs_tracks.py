"""docs/tracks.md says what the code does: examples run, tables name every key and option."""

import re
import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

import synth.generators
from scripts.constructors import CONFIGS
from synth.generators import load_generator
from synth.motion import direction_sets as store
from synth.motion.emotion_track import EVENT_KEYS, TRACK_KEYS, load_track
from synth.motion.paths import EASINGS
from synth.video.writing import probe_video

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "tracks.md").read_text(encoding="utf-8")


def list_keys(heading: str) -> set[str]:
    """Code words in the first column of the table below a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (.*?) \|", section, flags=re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`(.*?)`", cell)}


def test_the_tables_name_every_key():
    assert list_keys("What an emotion can say") == set(EVENT_KEYS)
    assert list_keys("What a track can say") == set(TRACK_KEYS)
    assert list_keys("Interpolation") == set(EASINGS)
    assert list_keys("Masks") == {f"mask={file.stem}" for file in (CONFIGS / "mask").iterdir()}


def test_the_yaml_example_is_a_track(tmp_path):
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)
    (tmp_path / "my_track.yaml").write_text(block)
    track = load_track(tmp_path / "my_track.yaml")
    assert [event.emotion.label for event in track.events] == [
        "calm",
        "anger",
        "happiness",
        "sadness",
    ]


@pytest.mark.parametrize(
    "command", re.findall(r"^    python -m scripts\.generate_video (.*)$", TEXT, re.MULTILINE)
)
def test_the_commands_compose(command):
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        compose("generate_video", shlex.split(command))


def test_the_python_example_runs(tmp_path, tiny_generator, tiny_directions, monkeypatch):
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    monkeypatch.setattr(
        synth.generators,
        "load_generator",
        lambda name: load_generator(tiny_generator),
        raising=False,
    )
    monkeypatch.setattr(store, "BUNDLED_FOLDER", tiny_directions.parent)
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    assert probe_video(tmp_path / "smile" / "video.mp4").frame_count == 34
