"""A tiny encoder learns a handful of faces of a tiny generator, and its run can be stopped."""

import csv
import json
from dataclasses import replace

import pytest
import torch

from embed.encoder import fit
from embed.encoder.fit import fit_encoder
from embed.encoder.plan import EncoderPlan
from embed.encoder.samples import from_bytes
from embed.encoder.store import load_encoder, save_encoder
from embed.inversion.invert import invert
from embed.inversion.settings import InversionSettings
from synth.learning import fitting as fit_network
from synth.learning.losses import find_psnr
from synth.storage.assets import AssetError


def test_it_learns_a_handful_of_faces_and_their_rows_by_heart(make_task):
    task, network = make_task(mixed=1.0, pushed=0.0, changed=0.0)
    pictures, coordinates = task.source.take(list(range(8)))
    images = from_bytes(pictures)
    wanted = fit.Wanted(coordinates, images[-2:])
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(80):
        loss = task.find_loss(network(images), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.15 * losses[0]
    with torch.no_grad():
        found = network(images)
        assert task._find_told(found, coordinates) > 0.9
        assert task._find_told(fit._keep_own(found), fit._keep_own(coordinates)) > 0.8
        ours = find_psnr(task._draw(found).clamp(-1, 1), images)
        mean = find_psnr(task._draw(torch.zeros_like(found)).clamp(-1, 1), images)
    assert (ours > mean + 3).all()


def test_pictures_pull_even_where_the_latents_are_not_asked(make_task):
    task, network = make_task()
    inputs, wanted = task.draw_batch(0)
    output = network(inputs).detach().requires_grad_()
    told = replace(wanted, coordinates=output.detach())
    task.find_loss(output, told).backward()
    grad = output.grad
    assert grad is not None
    assert (grad[-2:].abs().sum((1, 2)) > 0).all()
    assert not grad[:-2].any()


def test_a_run_is_logged_drawn_and_told_on_its_card_and_leaves_the_generator(
    generator, distance, plan, tmp_path
):
    before = generator.dtype
    network, card = fit_encoder(generator, distance, plan, tmp_path)
    assert generator.dtype == before
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["6"]
    for name in ("told", "told_when_changed", "told_of_rows", "psnr_db", "perceptual_of_mean"):
        assert float(card[name]) == pytest.approx(float(rows[0][name]), rel=1e-4, abs=1e-6)
    assert json.loads(card["plan"])["generator_sha256"] == generator.sha256
    assert (tmp_path / "sheet.png").is_file()
    assert (tmp_path / "curve.png").is_file()
    assert network.settings["rows"] == 8
    assert not network.training


def test_a_stopped_run_ends_like_one_that_was_not(generator, distance, plan, tmp_path, monkeypatch):
    plan = replace(plan, save_every_s=0.0)
    whole, _ = fit_encoder(generator, distance, plan, tmp_path / "whole")
    take_step, steps = fit_network._take_step, []

    def stop_after_three(*arguments):
        steps.append(1)
        if len(steps) > 3:
            raise KeyboardInterrupt
        return take_step(*arguments)

    monkeypatch.setattr(fit_network, "_take_step", stop_after_three)
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(generator, distance, plan, tmp_path / "run")
    monkeypatch.setattr(fit_network, "_take_step", take_step)
    again, _ = fit_encoder(generator, distance, plan, tmp_path / "run")
    for want, got in zip(whole.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(got, want, atol=5e-3, rtol=0.05)
    other = type(generator)(generator.config, "other", "b" * 64).eval().requires_grad_(False)
    with pytest.raises(ValueError, match="another folder"):
        fit_encoder(other, distance, plan, tmp_path / "run")


def test_a_trained_encoder_is_a_start_of_an_inversion(
    generator, distance, loss, plan, pictures, tmp_path
):
    network, card = fit_encoder(generator, distance, plan, tmp_path / "run")
    save_encoder(tmp_path / "e.safetensors", network, generator, card)
    encoder = load_encoder(tmp_path / "e.safetensors", generator)
    found = invert(generator, pictures, loss, InversionSettings(steps=1), start=encoder)
    given = invert(
        generator, pictures, loss, InversionSettings(steps=1), start=encoder.encode(pictures)
    )
    assert found.start_losses == pytest.approx(given.start_losses, rel=1e-3)


def test_axes_along_which_w_does_not_vary_are_left_out(generator):
    statistics = fit.measure_w(generator)
    chosen = fit.choose_axes(statistics)
    count = len(chosen.spreads)
    assert 0 < count < len(statistics.spreads)
    assert (chosen.spreads.diff() <= 0).all()
    assert chosen.spreads[-1] > statistics.spreads.min()
    torch.testing.assert_close(chosen.axes.t() @ chosen.axes, torch.eye(count), atol=1e-4, rtol=0)
    even = replace(statistics, spreads=torch.ones_like(statistics.spreads))
    assert len(fit.choose_axes(even).spreads) == len(statistics.spreads)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "vgg"}, "backbone among compact, resnet50; got 'vgg'"),
        ({"start": "imagenet"}, "backbone=resnet50 for start=imagenet"),
        ({"picture_px": 100}, "picture_px a power of two"),
        ({"picture_px": 64}, "resolution of at least picture_px"),
        ({"fresh": 0}, "fresh from 1"),
        ({"compared": 9}, "compared from 0 to batch"),
        ({"pool": 4}, "pool of at least batch"),
        ({"mixed": 1.5}, "mixed from 0 to 1; got 1.5"),
        ({"psi_low": 1.2}, "psi_low and psi_high rising"),
        ({"perceptual_weight": -1.0}, "perceptual_weight of at least 0"),
        ({"widths": (8,)}, "two or more widths"),
        ({"steps": 0}, "steps of at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_named(plan, changes, message):
    with pytest.raises(ValueError, match=message):
        replace(plan, **changes)


def test_what_cannot_be_trained_is_told_before_any_work(
    generator, distance, plan, tmp_path, monkeypatch
):
    nameless = type(generator)(generator.config)
    with pytest.raises(ValueError, match="loaded from a file"):
        fit_encoder(nameless, distance, plan, tmp_path / "a")
    large = replace(plan, resolution=128)
    with pytest.raises(ValueError, match="resolution of at most 64"):
        fit_encoder(generator, distance, large, tmp_path / "b")
    monkeypatch.setenv("MOODREEL_OFFLINE", "1")
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MOODREEL_ASSETS", raising=False)
    start = EncoderPlan(
        1, 2, 1e-3, backbone="resnet50", start="imagenet", fresh=1, compared=0, picture_px=32,
        resolution=32,
    )  # fmt: skip
    with pytest.raises(AssetError, match="resnet50-0676ba61"):
        fit_encoder(generator, distance, start, tmp_path / "c")


def test_pictures_may_differ_in_size_from_what_the_generator_sums_up(make_task):
    task, network = make_task(resolution=64)
    inputs, wanted = task.draw_batch(0)
    assert inputs.shape[-1] == wanted.pictures.shape[-1] == 32
    assert torch.isfinite(task.find_loss(network(inputs), wanted))
