"""README and docs: every command of ours that stands there composes; README's Python runs."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

import synth.generators
from scripts.constructors import CONFIGS
from scripts.moodreel import find_command, make_settings
from scripts.sweeping import read_sweep
from synth.generators import load_generator
from synth.motion import direction_sets
from synth.video.reading import probe_video

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
CALL = re.compile(
    r"^    (?:\w+=\S+ )?((?:python -m (?:scripts|benchmarks)\.|moodreel )[^\n]*)$", re.M
)


def list_calls() -> list[tuple[str, str]]:
    """(page, command) of every indented command of ours, continued lines joined."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        # What a shell would fill in is left out.
        found += [(page.name, re.sub(r"\S*\$\(.*?\)\S*", "", call)) for call in CALL.findall(text)]
    return found


@pytest.mark.parametrize(("page", "call"), list_calls())
def test_a_command_in_a_document_composes(page, call):
    words = shlex.split(call, comments=True)
    if words[0] == "moodreel":
        command = find_command(words[1]) if words[1] != "--help" else None
        if command is None:
            return
        script, settings = f"scripts.{command.script}", make_settings(command, words[2:])
    else:
        script, settings = words[2], words[3:]
    assert importlib.util.find_spec(script), f"{page} names {script}"
    root = script.removeprefix("scripts.")
    if (CONFIGS / f"{root}.yaml").is_file():
        if root == "generate_videos_ray" or (root == "generate_video" and "-m" in settings):
            settings = [*read_sweep(settings).parts[0].settings]
        settings = [word for word in settings if word not in ("-m", "--multirun", "...", "--help")]
        with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
            compose(root, settings)


def test_the_python_of_readme_runs(tmp_path, tiny_generator, tiny_directions, monkeypatch):
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.setattr(
        synth.generators, "load_generator", lambda _: load_generator(tiny_generator), raising=False
    )
    monkeypatch.setattr(direction_sets, "BUNDLED_FOLDER", tiny_directions.parent)
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    assert probe_video(tmp_path / "outputs" / "mine" / "video.mp4").frame_count == 100


@pytest.mark.parametrize("page", [*PAGES, REPOSITORY / "ARCHITECTURE.md"], ids=lambda p: p.name)
def test_python_files_that_a_document_names_are_there(page):
    named = re.findall(r"(?<![\w/.])(?:[a-z_]+/)+\w+\.py\b", page.read_text(encoding="utf-8"))
    ours = [name for name in named if (REPOSITORY / name.split("/")[0]).is_dir()]
    assert [name for name in ours if not (REPOSITORY / name).is_file()] == []
