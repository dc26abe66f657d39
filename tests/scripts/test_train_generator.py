"""Training from the command line: each step gets what it needs, or says what it lacks."""

from pathlib import Path

import pytest

from scripts import train_generator, train_networks
from synth.storage.locks import own_folder
from synth.workshop.training.plans import PICTURES


@pytest.fixture
def rendered(monkeypatch) -> list[tuple]:
    """Whatever `render_dataset` was asked for."""
    asked = []
    monkeypatch.setattr(train_generator, "render_dataset", lambda *given: asked.append(given))
    return asked


def test_rendering_gets_its_folder_counts_and_workers(call, rendered, tmp_path):
    settings = ["step=render", "head_model=head.npz", "workers=3", "seed=5"]
    assert call(train_generator, *settings) == (0, "")
    assert call(
        train_generator, *settings, f"data={tmp_path / 'faces'}", "pictures={128:64,16:128}"
    ) == (0, "")
    assert rendered == [
        (tmp_path / "training" / "faces", Path("head.npz"), PICTURES, 5, 3),
        (tmp_path / "faces", Path("head.npz"), {128: 64, 16: 128}, 5, 3),
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["step=render"], "needs head_model for step=render"),
        (["step=slice"], "needs head_model for step=slice"),
        (["step=draw"], "for step; got 'draw'"),
        ([], "needs a value for step"),
        (["step=train", "plan=endless"], "for plan; got 'endless'"),
        (["step=render", "head_model=h.npz", "pictures=[128]"], "needs pictures as {size: count}"),
        (["step=render", "head_model=h.npz", "pictures={a:1}"], "needs pictures as {size: count}"),
        (["step=pack", "out=faces.pt"], "needs a name ending in .safetensors"),
        (["step=pack"], "state.pt"),
    ],
)
def test_what_a_step_lacks_is_one_line(call, rendered, settings, message):
    code, errors = call(train_generator, *settings)
    assert code == 1 and message in errors and errors.count("\n") == 1
    assert not rendered


def test_two_runs_in_one_folder_are_refused(call, rendered, tmp_path):
    with own_folder(tmp_path / "training" / "faces"):
        code, errors = call(train_generator, "step=render", "head_model=head.npz")
    assert code == 1 and "no other run is writing" in errors and not rendered


def test_a_network_gets_its_own_folder_and_plan(call, tmp_path, monkeypatch):
    asked = []

    def fit(data, folder, plan):
        asked.append((data, folder, plan.steps, plan.seed))

    monkeypatch.setattr(train_networks, "load_dataset", str)
    monkeypatch.setattr(train_networks.fit_judge, "fit_judge", fit)
    monkeypatch.setattr(
        train_networks.fit_judge, "save_judge", lambda out, *given: {"out": str(out)}
    )
    settings = ["network=judge", "data=faces", "steps=7", "seed=2", "out=judge.safetensors"]
    assert call(train_networks, *settings) == (0, "")
    assert asked == [("faces", tmp_path / "networks" / "judge", 7, 2)]
    code, errors = call(train_networks, "network=eyes", "data=faces")
    assert code == 1 and "for network; got 'eyes'" in errors
