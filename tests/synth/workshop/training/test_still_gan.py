"""A small GAN on made pictures: it learns them, goes on where it was, and keeps its critic."""

import json
import sys

import numpy as np
import pytest
import torch

from scripts import train_still_gan
from synth.faces.face import Face
from synth.generators import load_discriminator, load_generator, save_generator
from synth.generators.dcgan import DCGAN, DCGANConfig, DCGANCritic
from synth.workshop.training.still_gan import StillPlan, fit_still_gan

SMALL = DCGANConfig(first_px=4, doublings=2, z_dim=8, channels=8)


def make_halves(count=64, size=16):
    """Pictures that are bright on one side and dark on the other."""
    random = np.random.default_rng(0)
    pictures = np.full((count, size, size, 3), 30, np.uint8)
    for picture in pictures:
        half = slice(0, size // 2) if random.random() < 0.5 else slice(size // 2, size)
        picture[:, half] = 220
    return pictures


@pytest.mark.parametrize(("size", "first", "doublings"), [(28, 7, 2), (64, 4, 4), (32, 4, 3)])
def test_sizes(size, first, doublings):
    config = DCGANConfig.of_size(size, z_dim=256)
    assert (config.first_px, config.doublings, config.resolution) == (first, doublings, size)
    network, critic = DCGAN(config).eval(), DCGANCritic(config).eval()
    image = network.synthesis(network.mapping(torch.randn(2, 256)))
    assert image.shape == (2, 3, size, size) and image.abs().max() <= 1
    assert critic(image).shape == (2, 1)
    with pytest.raises(ValueError, match="try 28 or 64"):
        DCGANConfig.of_size(61)


def test_it_learns_where_pictures_are_bright(tmp_path):
    plan = StillPlan(steps=120, batch=16, rate=2e-3, keep=0.95)
    generator, critic = fit_still_gan(make_halves(), SMALL, plan, tmp_path)
    z = torch.randn(64, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        images = generator.synthesis(generator.mapping(z)).mean(1)
    left, right = images[:, :, :8].mean((1, 2)), images[:, :, 8:].mean((1, 2))
    assert float((left - right).abs().mean()) > 0.7
    assert (left > right).any() and (left < right).any()
    assert not any(p.requires_grad for p in (*generator.parameters(), *critic.parameters()))


def test_a_stopped_run_ends_as_one_that_was_not(tmp_path):
    pictures = make_halves(16)
    whole, _ = fit_still_gan(pictures, SMALL, StillPlan(6, 8), tmp_path / "whole")
    fit_still_gan(pictures, SMALL, StillPlan(3, 8), tmp_path / "parts")
    parts, _ = fit_still_gan(pictures, SMALL, StillPlan(6, 8), tmp_path / "parts")
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, parts.state_dict()[name]), name
    with pytest.raises(ValueError, match="another folder"):
        fit_still_gan(pictures, SMALL, StillPlan(6, 4), tmp_path / "parts")


def test_the_critic_is_kept_in_the_file(tmp_path):
    generator, critic = DCGAN(SMALL).eval(), DCGANCritic(SMALL).eval()
    path = tmp_path / "own.safetensors"
    save_generator(path, generator, "own", {}, critic)
    loaded, judge = load_generator(path), load_discriminator(path)
    rows = loaded.mapping(torch.randn(2, 8), truncation_psi=0.5)
    images = loaded.synthesis(rows)
    assert torch.equal(images, generator.synthesis(rows))
    assert torch.equal(judge(images), critic(images))
    assert Face.random(loaded, seed=3).rows.shape == (1, 8)


@pytest.mark.parametrize(
    "change", [{"first_px": 0}, {"doublings": 40}, {"z_dim": 0}, {"channels": "many"}]
)
def test_headers_that_make_no_network_are_refused(change):
    entries = json.loads(SMALL.to_json()) | change
    with pytest.raises(ValueError, match="needs"):
        DCGANConfig.from_json(json.dumps(entries))


def test_the_command(tmp_path, monkeypatch, capsys):
    np.save(tmp_path / "pictures.npy", make_halves(8)[..., 0])
    out = tmp_path / "own.safetensors"
    command = [
        "train_still_gan",
        f"pictures={tmp_path / 'pictures.npy'}",
        f"out={out}",
        f"paths.outputs={tmp_path / 'outputs'}",
        *("network.size_px=28", "network.channels=4", "network.z_dim=6", "network.grey=true"),
        *("plan.steps=2", "plan.batch=4"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    train_still_gan.main()
    assert "28x28 after 2 steps" in capsys.readouterr().out
    generator = load_generator(out)
    assert (generator.resolution, generator.z_dim, generator.architecture) == (28, 6, "dcgan")
    assert load_discriminator(out).config == generator.config


def test_pictures_that_are_none(tmp_path):
    np.save(tmp_path / "floats.npy", np.zeros((2, 4, 4)))
    with pytest.raises(ValueError, match=r"floats\.npy: needs uint8"):
        train_still_gan.load_pictures(tmp_path / "floats.npy", 28)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="got none"):
        train_still_gan.load_pictures(tmp_path / "folder", 28)
    (tmp_path / "folder" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.png: needs a picture"):
        train_still_gan.load_pictures(tmp_path / "folder", 28)
    with pytest.raises(ValueError, match="at least 64 pictures of 16x16"):
        fit_still_gan(make_halves(16), SMALL, StillPlan(1), tmp_path / "run")
