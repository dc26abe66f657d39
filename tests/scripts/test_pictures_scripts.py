"""Films out of pictures by the main job, and P-Net's training, as a user calls them."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from embed.projection.pnet import load_pnet
from scripts import train_pnet
from synth.generators import load_generator, save_generator
from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.video.reading import probe_video


@pytest.fixture
def pictures(tmp_path) -> list[str]:
    random = np.random.default_rng(0)
    paths = [str(tmp_path / f"{name}.png") for name in "abc"]
    for path in paths:
        small = random.integers(0, 256, (4, 4, 3)).astype(np.uint8)
        Image.fromarray(small).resize((40, 32)).save(path)
    return paths


def list_paths(paths) -> str:
    return f"motion.paths=[{','.join(paths)}]"


SEARCH = ["motion=pictures", "projector=pictures", "projector.search.steps=2"]


def test_three_pictures_become_a_film(run, pictures):
    code, errors = run(*SEARCH, list_paths(pictures), "motion.duration=1")
    assert code == 0, errors
    assert probe_video(run.folder / "video.mp4").frame_count == 9
    record = (run.folder / "track.yaml").read_text()
    assert "a.png" in record and "variance_kept" in record


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["motion.paths=[a.png]"], "2 to 100 pictures for motion.paths; got 1"),
        (["motion.paths=a.png"], "needs a list of texts for motion.paths; got 'a.png'"),
        (["motion.order=3"], "4 pictures or more for order 3; got 3"),
        (["motion.variance=2"], "variance above 0, up to 1; got variance=2"),
        (["motion.axes=3"], "1 to 2 axes for 3 pictures"),
        (["motion.correction.critic=none.safetensors"], "none.safetensors"),
        (["projector.way=both"], "needs a P-Net for way=both"),
        (["projector.way=both", "projector.pnet=none.safetensors"], "none.safetensors"),
        (["projector.search.steps=0"], "steps and starts of 1 or more"),
    ],
)
def test_wrong_settings_are_one_line(run, pictures, settings, message):
    first = [] if settings[0].startswith("motion.paths") else [list_paths(pictures)]
    code, errors = run(*SEARCH, *first, *settings)
    assert code == 1
    assert message in errors and len(errors.strip().splitlines()) == 1
    assert not run.list_results()


def test_bad_pictures_are_named(run, pictures, tmp_path):
    bad = tmp_path / "bad.jpg"
    for content in (b"", b"\xff\xd8\xff nothing"):
        bad.write_bytes(content)
        code, errors = run(*SEARCH, list_paths([pictures[0], str(bad)]))
        assert code == 1 and "bad.jpg" in errors


def test_a_picture_without_a_face_is_named(run, pictures):
    pytest.importorskip("dlib")
    code, errors = run("motion=pictures", list_paths(pictures), "projector.recipe.observer=null")
    if "MOODREEL_ASSETS" in errors or "download" in errors:
        pytest.skip("the landmark model is not at hand")
    assert code == 1 and "a.png" in errors and "face" in errors


def test_a_generator_becomes_its_pnet(tmp_path, monkeypatch, capsys):
    torch.manual_seed(0)
    config = DCGANConfig.of_size(16, z_dim=4, channels=2)
    file = tmp_path / "gan.safetensors"
    save_generator(file, DCGAN(config), "gan", {}, DCGANCritic(config))
    pictures = np.random.default_rng(0).integers(0, 256, (80, 16, 16, 3)).astype(np.uint8)
    np.save(tmp_path / "pictures.npy", pictures)
    out = tmp_path / "pnet.safetensors"
    words = ["generator=file", f"generator.path={file}", f"pictures={tmp_path / 'pictures.npy'}"]
    words += [f"paths.outputs={tmp_path}", f"out={out}", "plan.steps=2", "plan.batch=8"]
    monkeypatch.setattr(sys, "argv", ["train_pnet", *words, "plan.hidden=8"])
    train_pnet.main()
    assert "a P-Net for gan" in capsys.readouterr().out
    assert load_pnet(out, load_generator(file)).picture_px == 16
