"""Training of the small networks on tiny pictures whose colours tell their parameters."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from synth.emotions import Emotion
from synth.generators.bundled_parameters import (
    EMOTION_SLICE,
    NUM_PARAMETERS,
    map_latents_to_parameters,
)
from synth.judging.judge import EmotionJudge, load_judge
from synth.judging.perceptual import PerceptualNetwork, load_perceptual
from synth.learning import augmentation as augment
from synth.learning import fitting as fit_network
from synth.learning.fitting import FitPlan
from synth.learning.rendered_faces import FaceDataset
from synth.types import to_images
from synth.workshop.training import fit_judge, fit_perceptual

PLAN = FitPlan(steps=4, batch=4, rate=1e-2)
HELD_OUT = 32


@pytest.fixture(autouse=True)
def few_held_out(monkeypatch):
    for module in (fit_perceptual, fit_judge):
        monkeypatch.setattr(module, "HELD_OUT", HELD_OUT)


@pytest.fixture(scope="module")
def data() -> FaceDataset:
    """Flat pictures whose grey is the emotion's strength and whose colour is identity."""
    z = np.random.default_rng(0).normal(size=(HELD_OUT + 64, 512)).astype(np.float32)
    parameters = map_latents_to_parameters(z)
    shade = 60 + 120 * parameters[:, EMOTION_SLICE].sum(1, keepdims=True)
    colour = np.clip(shade + 8 * parameters[:, :3], 0, 255).astype(np.uint8)
    return FaceDataset(z, parameters, {128: np.tile(colour[:, None, None], (1, 128, 128, 1))})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plan = {"counts": {"128": HELD_OUT + 64}, "seed": 5}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return tmp_path


def make_linear_task():
    """Of 4x4 pictures the mean colour is asked."""

    def draw_batch(step: int):
        images = torch.randn(8, 3, 4, 4, generator=fit_network.seed_for(0, step))
        return images, images.mean((2, 3))

    def find_loss(output, target):
        return (output - target).square().mean()

    @torch.no_grad()
    def measure(network):
        images, target = draw_batch(10_000)
        return {"error": float(find_loss(network(images), target))}

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 3))
    return network, draw_batch, find_loss, measure


def test_the_loop_learns_and_logs(tmp_path: Path):
    network, *task = make_linear_task()
    before = task[2](network)["error"]
    after = fit_network.fit_network(network, *task, FitPlan(60, 8, 3e-2), tmp_path)
    assert after["error"] < 0.2 * before
    with open(tmp_path / "log.csv", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["60"]


def test_a_stopped_run_ends_like_one_that_was_not(tmp_path: Path, monkeypatch):
    plan = FitPlan(12, 8, 3e-2, save_every_s=0.0)
    whole, *task = make_linear_task()
    fit_network.fit_network(whole, *task, plan, tmp_path / "whole")
    first, *task = make_linear_task()
    steps = []

    def stop_after_five(*arguments):
        steps.append(arguments)
        if len(steps) > 5:
            raise KeyboardInterrupt
        return take_step(*arguments)

    take_step = fit_network._take_step
    monkeypatch.setattr(fit_network, "_take_step", stop_after_five)
    with pytest.raises(KeyboardInterrupt):
        fit_network.fit_network(first, *task, plan, tmp_path / "run")
    monkeypatch.setattr(fit_network, "_take_step", take_step)
    again, *task = make_linear_task()
    fit_network.fit_network(again, *task, plan, tmp_path / "run")
    for want, got in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(want, got)
    with pytest.raises(ValueError, match="another folder"):
        fit_network.fit_network(again, *task, FitPlan(13, 8, 3e-2), tmp_path / "run")


def test_held_out_pictures_are_never_drawn(data):
    marked = {128: data.pictures[128].copy()}
    marked[128][:HELD_OUT] = 255
    seen = FaceDataset(data.z, data.parameters, marked)
    for task in (fit_perceptual.PerceptualTask(seen), fit_judge.JudgeTask(seen)):
        for step in range(3):
            images, targets = task.draw_batch(step)
            assert len(images) == len(targets)
            assert images.mean((1, 2, 3)).max() < 0.99


def test_a_step_draws_the_same_every_time(data):
    for task in (fit_perceptual.PerceptualTask(data), fit_judge.JudgeTask(data)):
        for a, b in zip(task.draw_batch(3), task.draw_batch(3), strict=True):
            assert torch.equal(a, b)
        assert not torch.equal(task.draw_batch(3)[1], task.draw_batch(4)[1])


def test_the_perceptual_network_is_fitted_balanced_and_saved(data, folder: Path, monkeypatch):
    monkeypatch.setattr(fit_perceptual, "SIZES", (64,) * 5)
    monkeypatch.setattr(fit_perceptual, "PerceptualNetwork", make_small)
    network = fit_perceptual.fit_perceptual(data, folder / "run", PLAN)
    out = folder / "p.safetensors"
    card = fit_perceptual.save_perceptual(out, network, data, folder, PLAN)
    loaded = load_perceptual(out)
    assert "seed 5" in card["data"]
    assert {"licence", "command", "plan", "r2_identity", "distance_of_half_size"} <= set(card)
    images = to_images(data.pictures[128][:HELD_OUT])
    half = HELD_OUT // 2
    gaps = loaded.find_gaps(images[:half], images[half:]).mean(0) * loaded.depth_weights
    assert torch.allclose(gaps, gaps.mean().expand(3), rtol=0.02)
    assert float(gaps.sum()) == pytest.approx(fit_perceptual.RANDOM_DISTANCE, rel=0.02)


def make_small(**settings):
    return PerceptualNetwork((4, 4, 8), **settings)


def test_every_parameter_stands_in_one_group():
    places = [place for group in fit_perceptual.group_parameters().values() for place in group]
    assert sorted(places) == list(range(NUM_PARAMETERS))


def test_the_judge_is_fitted_and_saved_with_its_confusion(data, folder: Path, monkeypatch):
    monkeypatch.setattr(fit_judge, "EmotionJudge", lambda: EmotionJudge((4, 4)))
    judge = fit_judge.fit_judge(data, folder / "run", PLAN)
    out = folder / "j.safetensors"
    card = fit_judge.save_judge(out, judge, data, folder, PLAN)
    confusion = np.array(json.loads(card["confusion"]))
    assert confusion.shape == (7, 7)
    assert confusion.sum() == float(card["plain_cases"])
    assert float(card["accuracy"]) == pytest.approx(np.trace(confusion) / confusion.sum(), abs=0.01)
    assert load_judge(out).settings == {"widths": [4, 4]}


def test_labels_fade_from_calm_to_the_emotion():
    weights = np.zeros((5, 6))
    weights[1:4, 2] = 0.05, 0.3, 0.9
    weights[4] = (0.4, 0.4, 0, 0, 0, 0)
    labels = fit_judge.label_softly(weights)
    assert np.allclose(labels.sum(1), 1)
    assert labels[:4, Emotion.CALM] == pytest.approx([1, 1, 0.5, 0])
    assert labels[:4, Emotion.SURPRISE] == pytest.approx([0, 0, 0.5, 1])
    assert labels[4, [Emotion.ANGER, Emotion.HAPPINESS]] == pytest.approx([0.5, 0.5])
    assert fit_judge.find_plain_cases(weights).tolist() == [0, 0, -1, Emotion.SURPRISE, -1]


def test_the_temperature_that_was_applied_is_found():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(500, 7, generator=random) * 2
    found = fit_judge.find_temperature(logits * 2.5, logits.softmax(1))
    assert float(found) == pytest.approx(2.5, rel=0.05)


def test_a_data_set_without_the_size_or_too_small_is_refused(data):
    other = FaceDataset(data.z, data.parameters, {64: data.pictures[128][:, :64, :64]})
    with pytest.raises(ValueError, match="needs pictures of"):
        fit_judge.JudgeTask(other)
    few = FaceDataset(data.z[:9], data.parameters[:9], {128: data.pictures[128][:9]})
    with pytest.raises(ValueError, match="more than"):
        fit_perceptual.PerceptualTask(few)


def test_changes_keep_shape_and_come_from_the_seed_alone():
    images = torch.rand(6, 3, 32, 32) * 2 - 1
    changes = [
        lambda r: augment.jitter_colours(images, r, 1.0),
        lambda r: augment.soften(images, r, 0.5, 8),
        lambda r: augment.add_grain(images, r, 0.1),
        lambda r: augment.compress(images, r, 1.0, 40),
        lambda r: augment.move_slightly(images, r, 1.0),
        lambda r: augment.cut_and_resize(images, r, 0.8, 32),
    ]
    for change in changes:
        first, again = (change(torch.Generator().manual_seed(4)) for _ in range(2))
        assert first.shape == images.shape
        assert torch.equal(first, again)
        assert not torch.equal(first, images)
    assert torch.equal(augment.mirror_half(images)[3:], images[3:].flip(3))


def test_softening_loses_detail_of_some_only():
    images = torch.randn(4, 3, 32, 32)
    soft = augment.soften(images, torch.Generator().manual_seed(0), 0.5, 8)
    assert soft[:2].std() < 0.9 * images[:2].std()
    assert torch.equal(soft[2:], images[2:])


def test_compression_touches_its_share_and_costs_more_at_a_lower_quality():
    grey = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    images, errors = grey.repeat(1, 3, 1, 1), []
    for worst in (95, 5):
        some = augment.compress(images, torch.Generator().manual_seed(1), 0.5, worst)
        assert torch.equal(some[4:], images[4:])
        errors.append((some[:4] - images[:4]).abs().mean())
    assert 0 < 2 * errors[0] < errors[1]
    red = torch.tensor([1.0, -1.0, -1.0])[:, None, None].expand(1, 3, 16, 16)
    kept = augment.compress(red, torch.Generator(), 1.0, 95)
    assert torch.allclose(kept, red, atol=0.1)
