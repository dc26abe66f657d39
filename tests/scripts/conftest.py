"""A random generator of 32x32 pixels with random directions, in files as a user has them.

`run` calls the main job on them.
"""

import sys
from pathlib import Path

import pytest
import torch

from scripts import generate_video
from synth.emotions import Emotion
from synth.generators import load_generator, save_generator
from synth.generators.stylegan2 import StyleGAN2, StyleGAN2Config
from synth.motion.direction_sets import DirectionSet, save_directions
from synth.motion.directions import Direction


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks this small are slower on two threads, and far slower on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_generator(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    config = StyleGAN2Config(
        resolution=32, z_dim=16, w_dim=24, mapping_layers=2, channel_base=256, channel_max=16
    )
    path = tmp_path_factory.mktemp("generator") / "tiny.safetensors"
    save_generator(path, StyleGAN2(config), "tiny", {})
    return path


@pytest.fixture(scope="session")
def tiny_directions(tmp_path_factory, tiny_generator) -> Path:
    generator = load_generator(tiny_generator)
    random = torch.Generator().manual_seed(1)
    directions = {
        emotion: Direction.from_vector(
            torch.randn(generator.num_layers, generator.w_dim, generator=random), 6.0
        )
        for emotion in Emotion
        if emotion is not Emotion.CALM
    }
    path = tmp_path_factory.mktemp("directions") / "tiny.safetensors"
    save_directions(path, DirectionSet(directions, generator.name, generator.sha256))
    return path


class Runner:
    """Runs the script's main with a command line; results go to `folder`."""

    def __init__(self, outputs: Path, generator: Path, directions: Path, monkeypatch, capsys):
        self.folder = outputs / "run"
        self._patch, self._capsys = monkeypatch, capsys
        self.base = ["generator=file", f"generator.path={generator}", "name=run"]
        self.base += [f"paths.outputs={outputs}", f"directions.path={directions}"]
        self.base += ["interpolation.in_between=3", "video.fps=8", "render=exact", "track.hold=0"]
        # A signature is another one each time; it is tested by itself.
        self.base += ["scorecard=none", "marks.manifest=false"]
        monkeypatch.setenv("MOODREEL_CACHE", str(outputs.parent / "cache"))

    def __call__(self, *overrides: str) -> tuple[int, str]:
        """The exit code and what was printed to stderr."""
        track = [entry for entry in self.base if entry != "track.hold=0"]
        without_hold = {"track=file", "track=lstm", "track=video"}
        base = track if without_hold & set(overrides) else self.base
        self._patch.setattr(sys, "argv", ["generate_video", *base, *overrides])
        try:
            generate_video.main()
        except SystemExit as stop:
            return int(stop.code or 0), self._capsys.readouterr().err
        return 0, self._capsys.readouterr().err

    def list_results(self) -> set[str]:
        if not self.folder.exists():
            return set()
        return {file.name for file in self.folder.iterdir()}


@pytest.fixture
def run(tmp_path, tiny_generator, tiny_directions, monkeypatch, capsys) -> Runner:
    return Runner(tmp_path / "outputs", tiny_generator, tiny_directions, monkeypatch, capsys)


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run a script's main with settings; -> exit code, errors."""

    def run(script, *settings: str) -> tuple[int, str]:
        words = ["job", f"paths.outputs={tmp_path}", *settings]
        monkeypatch.setattr(sys, "argv", words)
        try:
            script.main()
        except SystemExit as stop:
            return int(stop.code or 0), capsys.readouterr().err
        return 0, capsys.readouterr().err

    return run
