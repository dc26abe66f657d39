"""Calibrating, showing and exchanging directions from the command line, on a tiny generator."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from scripts import calibrate_directions, exchange_directions, show_directions
from synth.emotions import Emotion
from synth.faces.latents import save_latents
from synth.faces.random_faces import map_seeds
from synth.generators import load_generator
from synth.generators.drawing import draw_frames
from synth.judging.readout import PerceptualScorer
from synth.motion.direction_sets import DirectionSet, load_directions, save_directions
from synth.motion.directions import Direction

ROWS, W_DIM = 8, 24


@pytest.fixture
def call(tmp_path, tiny_generator, tiny_directions, monkeypatch, capsys):
    """Runs a script's main; gives its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))

    def run(script, *overrides: str) -> tuple[int, str, str]:
        base = ["generator=file", f"generator.path={tiny_generator}"]
        name = script.__name__.split(".")[-1]
        if script is not exchange_directions:
            base += [f"directions.path={tiny_directions}", "scorecard=none"]
        monkeypatch.setattr(sys, "argv", [name, *base, *overrides])
        try:
            script.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return run


def score_brightness(self, faces):
    """All emotions show in bright pictures, to the same part."""
    bright = 1 / (1 + np.exp(-faces.mean((1, 2, 3)) / 20 + 6))
    return np.concatenate([1 - bright[:, None], np.repeat(bright[:, None] / 6, 6, 1)], 1)


def test_a_set_is_calibrated_with_its_curves(call, tmp_path, monkeypatch):
    monkeypatch.setattr(PerceptualScorer, "score", score_brightness)
    code, printed, error = call(
        calibrate_directions,
        "faces=3",
        "held_out=2",
        "out=calibrated.safetensors",
        "search_rows=true",
    )
    assert code == 0, error
    assert "calibrated.safetensors: 6 directions for tiny" in printed
    read = load_directions(tmp_path / "calibrated.safetensors")
    found = json.loads(read.card["calibration"])
    for emotion, direction in read.directions.items():
        assert found[emotion.label]["coefficient"] == pytest.approx(direction.coefficient, rel=1e-3)
        responses = found[emotion.label]["curve"]["responses"]
        assert responses[-1] > responses[0]
    assert set(json.loads(read.card["rows_that_carry"])) == set(found)
    assert json.loads(read.card["calibrated_with"])["seeds"] == [100000, 100002]
    measured = json.loads(read.card["measured_on"])
    assert measured == {"seeds": [0, 1], "psi": 0.7, "reported_by": "moodreel-judge"}
    assert np.array(json.loads(read.card["confusion"])).sum() == 14
    assert "2 people" in printed
    with Image.open(tmp_path / "calibrated_calibration.png") as picture:
        assert picture.size[0] > 500


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["out=x.pt"], "x.pt: needs a name ending in .safetensors"),
        (["out=x.safetensors", "faces=0"], "needs at least 1 face"),
        (["out=x.safetensors", "identity_budget=0.3"], "needs a face encoder for identity_budget"),
        (
            ["out=x.safetensors", "identity_budget=much"],
            "needs a number or null for ide",
        ),
    ],
)
def test_wrong_settings_of_a_calibration_are_one_line(call, tmp_path, overrides, message):
    code, _, error = call(calibrate_directions, *overrides)
    assert code == 1 and message in error and error.count("\n") == 1
    assert not list(tmp_path.glob("*.safetensors"))


def test_the_grid_has_a_picture_for_each_edit(call, tmp_path):
    code, printed, error = call(
        show_directions, "seeds=[0,1]", "emotions=[fear,anger]", "intensities=[0.5,1]",
        "out=grid.png", "tile_px=32",
    )  # fmt: skip
    assert code == 0, error
    assert "grid.png: 2 faces, 12 pictures" in printed
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.size[0] > 6 * 32 and "Software" in picture.info


def test_a_photo_can_be_shown(call, tmp_path, tiny_generator):
    generator = load_generator(tiny_generator)
    drawn = draw_frames(generator, map_seeds([3], generator, 1.0))[0]
    Image.fromarray(drawn).save(tmp_path / "me.png")
    code, printed, error = call(
        show_directions, "face=photo", "face.path=me.png", "face.recipe.finder=null",
        "face.recipe.observer=null", "face.recipe.settings.steps=2", "face.recipe.tuning.steps=1",
        "face.recipe.device=cpu", "emotions=[fear]", "out=me_grid.png", "tile_px=32",
    )  # fmt: skip
    assert code == 0, error
    assert "me_grid.png: 1 faces, 3 pictures" in printed
    assert (tmp_path / "me_grid.png").is_file()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["out=grid.jpg"], "grid.jpg: needs a name ending in .png"),
        (["emotions=[rage]"], "rage"),
        (["intensities=[much]"], "needs numbers for intensities; got 'much'"),
        (["intensities=[3]"], "needs intensities from -2 to 2; got 3"),
        (["seeds=[]"], "needs a face and at most"),
    ],
)
def test_wrong_settings_of_the_grid_are_one_line(call, overrides, message):
    code, _, error = call(show_directions, *overrides)
    assert code == 1 and message in error and error.count("\n") == 1


def test_files_of_others_become_a_set_and_files_again(call, tmp_path):
    folder, random = tmp_path / "theirs", np.random.default_rng(0)
    folder.mkdir()
    arrays = {
        "emotion_angry": random.normal(size=(ROWS, W_DIM)),
        "emotion_happy": random.normal(size=W_DIM),
        "stylegan_sad_boundary": random.normal(size=(1, W_DIM)),
        "emotion_easy": random.normal(size=W_DIM),
        "age": random.normal(size=W_DIM),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array.astype(np.float32))
    code, printed, error = call(
        exchange_directions, "source=theirs", "out=theirs.safetensors", "coefficient=2"
    )
    assert code == 0, error
    assert "3 directions for tiny" in printed
    read = load_directions(tmp_path / "theirs.safetensors")
    assert json.loads(read.card["files"])["anger"] == "emotion_angry.npy"
    code, _, error = call(exchange_directions, "source=theirs.safetensors", "out=exported")
    assert code == 0, error
    for name, file in (("anger", "emotion_angry"), ("sadness", "stylegan_sad_boundary")):
        expected = np.broadcast_to(2 * arrays[file], (ROWS, W_DIM))
        np.testing.assert_allclose(np.load(tmp_path / f"exported/{name}.npy"), expected, atol=1e-4)


def test_what_looks_wrong_is_warned_about(call, tmp_path, tiny_generator, monkeypatch):
    monkeypatch.setattr(PerceptualScorer, "score", score_brightness)
    generator = load_generator(tiny_generator)
    row = torch.randn(W_DIM, generator=torch.Generator().manual_seed(0))
    late = torch.zeros(ROWS, W_DIM)
    late[-1] = 1
    directions = {
        Emotion.ANGER: Direction.from_vector(row.repeat(ROWS, 1), 4.0),
        Emotion.FEAR: Direction.from_vector(late, 1e-3),
        Emotion.SADNESS: Direction.from_vector(-row.repeat(ROWS, 1), 1e4),
    }
    save_directions("odd.safetensors", DirectionSet(directions, "another", "ff" * 32))
    save_latents("varied.npz", torch.randn(2, ROWS, W_DIM))
    code, printed, error = call(
        exchange_directions, "source=odd.safetensors", "latents=varied.npz", "sign_faces=2",
        "mask.layer_stop=4",
    )  # fmt: skip
    assert code == 0, error
    found = [line for line in printed.splitlines() if line.startswith("warning: ")]
    for part in (
        "fitted for generator another, and used with tiny",
        "anger: one vector for all rows, found in W",
        "fear: intensity 1 moves a face by 0.001",
        "hardly anything will change",
        "fear: only 0% of the direction lies in the rows",
        "the face will fall apart",
    ):
        assert any(part in line for line in found), (part, found)
    # Opposite directions cannot both be right.
    assert sum("the sign may be wrong" in line for line in found) >= 1
    healthy = {Emotion.ANGER: Direction.from_vector(torch.randn(ROWS, W_DIM), 4.0)}
    save_directions("fine.safetensors", DirectionSet(healthy, "tiny", generator.sha256))
    code, printed, _ = call(exchange_directions, "source=fine.safetensors")
    assert code == 0 and "warning" not in printed


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["source=nowhere"], "nowhere: needs .npy files of directions"),
        (["source=empty"], "empty: needs .npy files with an emotion in their names"),
        (["source=two"], "two: needs one file for anger; got anger.npy and angry.npy"),
        (["source=wide"], "needs a direction of shape [8, 24] or [24]; got float64 [512]"),
    ],
)
def test_wrong_files_are_one_line(call, tmp_path, overrides, message):
    for folder in ("empty", "two", "wide"):
        (tmp_path / folder).mkdir()
    for name in ("two/anger", "two/angry"):
        np.save(tmp_path / f"{name}.npy", np.ones(W_DIM))
    np.save(tmp_path / "wide" / "anger.npy", np.ones(512))
    code, _, error = call(exchange_directions, *overrides)
    assert code == 1 and message in error and error.count("\n") == 1
