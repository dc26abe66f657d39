"""Generators of any kind: registered, saved, opened by name, filmed."""

import json
from dataclasses import dataclass

import pytest
import torch
from toy_generator import TOY, ToyConfig, ToyGenerator, make_toy, register_toy

from synth.checkpoints import CheckpointError
from synth.faces.face import Face
from synth.film.film import make_film
from synth.film.settings import FilmSettings, RenderSettings
from synth.generators import (
    Architecture,
    load_generator,
    load_native,
    load_with_card,
    register_architecture,
    save_generator,
)
from synth.generators.bundled import BUNDLED_WEIGHTS
from synth.motion.walks import FaceWalk
from synth.storage.assets import AssetError, hash_file

SETTINGS = FilmSettings(fps=5.0, render=RenderSettings(device="cpu"))


@dataclass
class Swing:
    """From a face to its opposite."""

    rows: torch.Tensor
    duration_s: float = 2.0
    closed: bool = False

    def __call__(self, times_s):
        share = (times_s / self.duration_s).float()[:, None, None]
        return self.rows * (1 - 2 * share)


@pytest.fixture
def toy_file(tmp_path):
    register_toy()
    path = tmp_path / "toy.safetensors"
    save_generator(path, make_toy(), "bands", {"licence": "MIT"})
    return path


def edit_header(path, **changes):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    header["__metadata__"] |= changes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])


def test_a_registered_architecture_is_saved_and_opened(toy_file):
    loaded = load_with_card(toy_file)
    assert isinstance(loaded.generator, ToyGenerator)
    assert (loaded.name, loaded.card["licence"]) == ("bands", "MIT")
    assert loaded.generator.sha256 == hash_file(toy_file)
    toy, z = make_toy(), torch.randn(2, 6)
    rows = loaded.generator.mapping(z)
    assert torch.equal(rows, toy.mapping(z))
    assert torch.equal(loaded.generator.synthesis(rows), toy.synthesis(rows))


def test_a_header_cannot_ask_another_architecture_for_what_the_file_lacks(toy_file):
    edit_header(toy_file, architecture="stylegan2")
    with pytest.raises(CheckpointError, match=r"toy\.safetensors: "):
        load_generator(toy_file)
    edit_header(toy_file, architecture="unheard \x1b[2J of")
    with pytest.raises(CheckpointError, match=r"needs an architecture among .*stylegan2.* toy"):
        load_generator(toy_file)
    edit_header(toy_file, architecture="toy", config=json.dumps({"resolution": 1 << 30}))
    with pytest.raises(CheckpointError, match="1 to 64 pixels"):
        load_generator(toy_file)
    edit_header(toy_file, config=json.dumps({"resolution": 32}))
    with pytest.raises(CheckpointError, match=r"shape \[6, 3, 1, 32\]"):
        load_generator(toy_file)
    edit_header(toy_file, config=ToyConfig().to_json(), discriminator_config="{}")
    with pytest.raises(CheckpointError, match="no discriminator beside toy"):
        from synth.generators import load_discriminator

        load_discriminator(toy_file)


@pytest.mark.parametrize("name", ["stylegan2", "toy"])
def test_a_name_is_given_once(name):
    register_toy()
    register_architecture(TOY)
    with pytest.raises(ValueError, match="taken"):
        register_architecture(Architecture(name, ToyConfig.from_json, dict))


def test_the_shipped_file_names_no_architecture_and_opens(monkeypatch):
    generator = load_generator("bundled")
    assert generator.architecture == "stylegan2"
    assert generator.sha256 == hash_file(BUNDLED_WEIGHTS)
    assert "architecture" not in load_native(BUNDLED_WEIGHTS).card


def test_published_generators_open_by_the_name_of_their_card(tmp_path, monkeypatch, toy_file):
    monkeypatch.setenv("MOODREEL_ASSETS", str(tmp_path))
    monkeypatch.setenv("MOODREEL_OFFLINE", "1")
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "ffhq.pkl").write_bytes(toy_file.read_bytes())
    assert load_generator("ffhq").name == "bands"
    with pytest.raises(AssetError, match=r"metfaces\.pkl"):
        load_generator("metfaces")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_generator("nowhere")


def check_film(film):
    for name in ("video.mp4", "contact_sheet.png", "scorecard.json", "track.yaml", "latents.npz"):
        assert (film.folder / name).stat().st_size > 0
    assert film.facts.frame_count == film.scorecard.frame_count


def test_a_generator_of_one_row_without_noise_makes_a_film(tmp_path, toy_file):
    generator = load_generator(toy_file)
    face = Face.random(generator, seed=3)
    film = make_film(generator, face, Swing(face.rows), SETTINGS, tmp_path / "film")
    check_film(film)
    assert film.facts.frame_count == 11 and film.scorecard.generator_name == "bands"
    walk = FaceWalk(count=3, gap=0.6)
    film = make_film(generator, face, walk, SETTINGS, tmp_path / "walk")
    check_film(film)
    assert film.facts.frame_count == 9
