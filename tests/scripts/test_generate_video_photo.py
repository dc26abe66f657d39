"""face=photo end to end on a tiny generator: the video, what lies beside it, and mistakes."""

import numpy as np
import pytest
from PIL import Image

from synth.faces.face import Face
from synth.faces.latents import load_latents
from synth.generators import load_generator
from synth.types import to_frames

QUICK = [
    "face=photo",
    "face.recipe.finder=null",
    "face.recipe.observer=null",
    "face.recipe.device=cpu",
    "face.recipe.tune=false",
    "face.recipe.settings.steps=2",
    "face.recipe.settings.budget_s=null",
    "face.recipe.settings.precision=fp32",
    "track.emotions=[calm,fear]",
]
TUNING = ["tune=true", "tuning.steps=6", "tuning.learning_rate=0.002", "tuning.locality_weight=0"]
BESIDE = {"photo_crop.png", "photo_inversion.png", "photo_loss.png", "photo_report.json"}


@pytest.fixture
def photo(tmp_path, tiny_generator):
    generator = load_generator(tiny_generator)
    rows = Face.random(generator, 5).rows
    Image.fromarray(to_frames(generator.synthesis(rows[None]))[0]).save(tmp_path / "me.png")
    return tmp_path / "me.png"


def test_a_photo_becomes_a_video_and_the_same_bytes_again(run, photo, tiny_generator):
    assert run(*QUICK, f"face.path={photo}")[0] == 0
    assert run.list_results() >= BESIDE | {"video.mp4", "latents.npz"}
    first = {name: (run.folder / name).read_bytes() for name in ("video.mp4", "latents.npz")}
    rows = load_latents(run.folder / "latents.npz", load_generator(tiny_generator))
    assert np.isfinite(rows.numpy()).all()
    assert run(*QUICK, f"face.path={photo}")[0] == 0
    assert first == {name: (run.folder / name).read_bytes() for name in first}


def test_a_tuned_photo_is_drawn_by_its_own_generator(run, photo):
    tuned = [f"face.recipe.{entry}" for entry in TUNING]
    assert run(*QUICK, f"face.path={photo}", "track.emotions=[calm]")[0] == 0
    plain = (run.folder / "video.mp4").read_bytes()
    assert run(*QUICK, f"face.path={photo}", "track.emotions=[calm]", *tuned)[0] == 0
    assert (run.folder / "video.mp4").read_bytes() != plain


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("face.path=gone.jpg", "found nothing at gone.jpg"),
        ("face.paste=true", "needs a finder"),
        ("face.recipe.settings.noise=optimised", "needs noise const or none"),
        ("face.recipe.loss=3", "needs text for face.recipe.loss"),
    ],
)
def test_mistakes_end_with_one_line_and_no_results(run, photo, override, words):
    code, said = run(*QUICK, f"face.path={photo}", override)
    assert code == 1 and words in said and "Traceback" not in said
    assert not run.list_results() & {"video.mp4"}
