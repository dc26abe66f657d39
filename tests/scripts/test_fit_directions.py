"""The script end to end: labelled latents of a tiny generator become a set that films."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from scripts import fit_directions
from synth.emotions import Emotion
from synth.faces.random_faces import map_seeds
from synth.generators import load_generator
from synth.motion.direction_sets import load_directions, load_directions_for
from synth.types import to_frames

AXES = {Emotion.ANGER: 0, Emotion.FEAR: 1}


@pytest.fixture
def run(tmp_path, tiny_generator, monkeypatch, capsys):
    """Runs the script's main; gives its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*overrides: str) -> tuple[int, str, str]:
        base = ["generator=file", f"generator.path={tiny_generator}", "labels=latents", "c=0.01"]
        monkeypatch.setattr(sys, "argv", ["fit_directions", *base, *overrides])
        try:
            fit_directions.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return call


def write_labels(path, subjects=60) -> None:
    """W+ [sample, layer, 24] in which anger and fear stand far out along an axis each."""
    random = np.random.default_rng(0)
    emotion = np.repeat([0, *AXES], 100)
    w = random.normal(size=(300, 8, 24)).astype(np.float32) * 3
    for shown, axis in AXES.items():
        w[emotion == shown, :, axis] += 6.0
    np.savez(path, w=w, emotion=emotion, subject=random.integers(0, subjects, 300))


def test_labels_become_a_set_for_this_generator(run, tmp_path, tiny_generator):
    write_labels(tmp_path / "labelled.npz")
    code, printed, error = run("labels.path=labelled.npz", "out=sets/mine.safetensors")
    assert code == 0, error
    assert "mine.safetensors: 2 directions for tiny" in printed
    fitted = load_directions_for(load_generator(tiny_generator), tmp_path / "sets/mine.safetensors")
    assert set(fitted.directions) == set(fitted.calm_levels) == set(AXES)
    for emotion, axis in AXES.items():
        direction = fitted.directions[emotion]
        row = direction.vector[0].numpy() * 8**0.5
        assert row[axis] > 0.9
        assert direction.coefficient == pytest.approx(6.0 * 8**0.5, rel=0.15)
    assert fitted.card["samples"] == "300"
    assert json.loads(fitted.card["held_out_confusion"])[Emotion.FEAR][Emotion.FEAR] > 5
    assert float(fitted.card["held_out_accuracy"]) > 0.9
    assert (tmp_path / "sets/mine_fit.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["out=mine.pt", "generator.path=nowhere.pkl"], "mine.pt: needs a name ending in .safet"),
        (["seed=first"], "needs a whole number for seed; got 'first'"),
        (["c=weak"], "needs a number or null for c; got 'weak'"),
        (["fit.space=z"], "needs one of w, rows, flat for fit.space; got 'z'"),
        (["labels.path=3"], "needs text for labels.path; got 3"),
        (["labels.path=nowhere.npz"], "nowhere.npz: needs labelled latents"),
        (
            ["labels.path=one.npz"],
            "needs latents of anger with intensity 0.5 or more from at least",
        ),
    ],
)
def test_mistakes_are_one_line_and_leave_no_set(run, tmp_path, overrides, message):
    write_labels(tmp_path / "labelled.npz")
    write_labels(tmp_path / "one.npz", subjects=1)
    base = (
        [] if any(o.startswith("labels.path") for o in overrides) else ["labels.path=labelled.npz"]
    )
    out = [] if any(o.startswith("out") for o in overrides) else ["out=mine.safetensors"]
    code, _, error = run(*base, *out, *overrides)
    assert code == 1
    assert error.startswith("error: ") and error.count("\n") == 1
    assert message in error
    assert {file.name for file in tmp_path.iterdir()} == {"labelled.npz", "one.npz"}


def write_photos(folder, generator) -> None:
    """Four people, calm and afraid, as crops that a tiny generator drew."""
    w_plus = map_seeds(range(8), generator, 1.0)
    for k, frame in enumerate(to_frames(generator.synthesis(w_plus))):
        place = folder / ("calm", "fear")[k % 2] / f"s{k // 2}"
        place.mkdir(parents=True)
        Image.fromarray(frame).save(place / "1.png")


PHOTOS = (
    "labels=folder",
    "labels.path=photos",
    "inversion.finder=null",
    "inversion.observer=null",
    "inversion.device=cpu",
    "inversion.settings.steps=2",
    "inversion.settings.budget_s=null",
    "inversion.settings.precision=fp32",
)


def test_photos_become_a_set_in_one_command_that_goes_on(run, tmp_path, tiny_generator):
    write_photos(tmp_path / "photos", load_generator(tiny_generator))
    code, printed, error = run(*PHOTOS, "out=mine.safetensors")
    assert code == 0, error
    assert "8 done, 0 failed" in printed
    assert "mine.safetensors: 1 directions for tiny" in printed
    first = load_directions(tmp_path / "mine.safetensors").directions[Emotion.FEAR]
    (tmp_path / "mine.safetensors").unlink()
    code, printed, error = run(*PHOTOS, "out=mine.safetensors")
    assert code == 0, error
    assert "0 done, 0 failed, 8 skipped" in printed
    again = load_directions(tmp_path / "mine.safetensors").directions[Emotion.FEAR]
    assert again.vector.equal(first.vector)


def test_photos_that_cannot_be_used_are_told_before_inversion(run, tmp_path, tiny_generator):
    write_photos(tmp_path / "photos", load_generator(tiny_generator))
    for change, words in (
        ("labels.path=gone", "gone: needs labelled pictures; found nothing"),
        ("inversion.tune=true", "needs latents of one generator for all photos"),
        ("labels.single_pictures=foo", "single_pictures"),
        ("labels.most_per_emotion=abc", "most_per_emotion"),
        ("fit.orthogonal_to=[yaw]", "needs labels of yaw"),
    ):
        code, _, error = run(*PHOTOS, change)
        assert code != 0
        assert words in error
        assert not (tmp_path / "outputs").exists()
    code, _, error = run("labels=folder")
    assert code != 0
    assert "labels.path" in error
