"""Tuning around a pivot: closer pictures, an untouched base, and a file that brings it back."""

from dataclasses import replace

import pytest
import torch
from inversion_samples import FakeClock, draw_own_pictures, make_tiny_generator
from safetensors import safe_open
from safetensors.torch import save_file

from embed.inversion.tuning import Pivots, Tuning, TuningSettings, tune_generator
from embed.inversion.tuning_file import FORMAT, load_tuning, load_tuning_card, save_tuning

FAST = TuningSettings(steps=25, learning_rate=3e-3, least_steps=0)


@pytest.fixture(scope="module")
def target(generator) -> torch.Tensor:
    """A picture that this generator cannot draw: brighter on one side."""
    return (draw_own_pictures(generator, 1) + torch.linspace(-0.4, 0.4, 64)).clamp(-1, 1)


@pytest.fixture(scope="module")
def pivot(generator) -> torch.Tensor:
    z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(5))
    return generator.mapping(z)


@pytest.fixture(scope="module")
def tuning(generator, loss, target, pivot) -> Tuning:
    return tune_generator(generator, Pivots(pivot, target), loss, FAST)


def test_the_loss_falls_and_the_picture_comes_closer(generator, tuning, target, pivot):
    assert tuning.losses[-1] < tuning.losses[0] / 2
    assert len(tuning.losses) == FAST.steps + 1
    before, after = (
        (g.synthesis(pivot) - target).square().mean() for g in (generator, tuning.generator)
    )
    assert after < before / 2


def test_the_loaded_generator_is_never_touched(generator, tuning):
    fresh = make_tiny_generator()
    for (name, ours), theirs in zip(
        generator.state_dict().items(), fresh.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name
    assert not any(p.requires_grad for p in generator.parameters())
    assert not any(p.requires_grad for p in tuning.generator.parameters())
    assert generator.name == "tiny"
    assert tuning.generator.sha256 == generator.sha256


def test_locality_keeps_other_faces(generator, loss, target, pivot, tuning):
    others = draw_own_pictures(generator, 6, seed=11)
    z = torch.randn(6, generator.z_dim, generator=torch.Generator().manual_seed(11))
    held = tune_generator(
        generator, Pivots(pivot, target), loss, replace(FAST, locality_weight=3.0)
    )
    free = tune_generator(
        generator, Pivots(pivot, target), loss, replace(FAST, locality_weight=0.0)
    )
    drifts = [
        float((g.synthesis(generator.mapping(z)).clamp(-2, 2) - others).square().mean())
        for g in (held.generator, free.generator)
    ]
    assert drifts[0] < drifts[1] / 1.5
    assert held.losses[-1] < held.losses[0]


def test_the_file_restores_it_and_is_small(generator, tuning, pivot, tmp_path):
    path = tmp_path / "tuned.safetensors"
    save_tuning(path, generator, tuning.generator, {"photo": "me.jpg"})
    again = load_tuning(path, generator)
    torch.testing.assert_close(
        again.synthesis(pivot), tuning.generator.synthesis(pivot), atol=2e-3, rtol=0
    )
    assert not torch.equal(again.synthesis(pivot), generator.synthesis(pivot))
    assert load_tuning_card(path) == {
        "format": FORMAT,
        "base_sha256": "a" * 64,
        "base_name": "tiny",
        "photo": "me.jpg",
    }
    parameters = sum(p.numel() for p in generator.synthesis.parameters())
    assert path.stat().st_size < 2 * parameters + 20_000
    with safe_open(str(path), "pt") as file:
        assert all("noise_const" not in name for name in file.keys())  # noqa: SIM118


def test_nothing_changed_makes_an_empty_file(generator, pivot, tmp_path):
    save_tuning(tmp_path / "none.safetensors", generator, generator)
    with safe_open(str(tmp_path / "none.safetensors"), "pt") as file:
        assert not list(file.keys())
    same = load_tuning(tmp_path / "none.safetensors", generator)
    assert torch.equal(same.synthesis(pivot), generator.synthesis(pivot))


def test_another_generators_file_is_refused(generator, tuning, tmp_path):
    path = tmp_path / "tuned.safetensors"
    save_tuning(path, generator, tuning.generator)
    other = make_tiny_generator()
    other.sha256 = "b" * 64
    with pytest.raises(ValueError, match=r"tuned\.safetensors: needs the generator"):
        load_tuning(path, other)


def test_broken_files_are_named(generator, tmp_path):
    own = {"format": FORMAT, "base_sha256": generator.sha256}
    bad = {
        "foreign": ({"x": torch.zeros(1)}, {"format": "other"}),
        "unknown": ({"b8.nothing": torch.zeros(1)}, own),
        "shape": ({"b8.conv1.bias": torch.zeros(3)}, own),
        "nan": ({"b4.const": torch.full((16, 4, 4), torch.nan)}, own),
    }
    for name, (tensors, card) in bad.items():
        save_file(tensors, tmp_path / f"{name}.safetensors", card)
    (tmp_path / "cut.safetensors").write_bytes(b"12345678{")
    for name in (*bad, "cut"):
        with pytest.raises(ValueError, match=rf"{name}\.safetensors"):
            load_tuning(tmp_path / f"{name}.safetensors", generator)
    with pytest.raises(FileNotFoundError, match=r"absent\.safetensors"):
        load_tuning(tmp_path / "absent.safetensors", generator)


def test_a_loss_that_rises_gives_the_generator_back(generator, loss, target, pivot):
    wild = replace(FAST, steps=1, learning_rate=100.0)
    result = tune_generator(generator, Pivots(pivot, target), loss, wild)
    assert torch.equal(result.generator.synthesis(pivot), generator.synthesis(pivot))


def test_time_and_target_end_it(generator, loss, target, pivot):
    short = tune_generator(
        generator, Pivots(pivot, target), loss, replace(FAST, budget_s=25), clock=FakeClock(1.0)
    )
    assert 1 < len(short.losses) < FAST.steps and short.ended == "budget"
    whole = replace(FAST, steps=3, budget_s=1e-3, least_steps=40)
    floor = tune_generator(generator, Pivots(pivot, target), loss, whole, clock=FakeClock(1.0))
    assert (floor.steps, floor.ended) == (3, "steps")
    seen = []
    once = tune_generator(
        generator,
        Pivots(pivot, target),
        loss,
        replace(FAST, good_enough=1e9),
        watch=lambda step, value: seen.append((step, value)),
    )
    assert len(once.losses) == 1
    assert seen == [(0, once.losses[0])]


def test_stages_end_at_full_resolution_and_only_there_is_good_enough_asked(
    generator, loss, target, pivot
):
    staged = replace(FAST, stages=[[32, 0.8], [64, 0.2]])
    seen = []
    result = tune_generator(
        generator, Pivots(pivot, target), loss, staged, watch=lambda step, _: seen.append(step)
    )
    assert seen == list(range(FAST.steps))
    assert result.steps == FAST.steps == len(result.losses) - 1
    whole = tune_generator(generator, Pivots(pivot, target), loss, replace(FAST, steps=1))
    assert result.losses[0] == pytest.approx(whole.losses[0], rel=1e-5)
    assert result.losses[-1] < result.losses[0] / 2
    early = tune_generator(generator, Pivots(pivot, target), loss, replace(staged, good_enough=1e9))
    assert early.steps == 0.8 * FAST.steps
    with pytest.raises(ValueError, match="needs stages"):
        tune_generator(generator, Pivots(pivot, target), loss, replace(FAST, stages=[[48, 1.0]]))


def test_what_does_not_fit_is_refused(generator, loss, target, pivot, tmp_path):
    with pytest.raises(ValueError, match="a pivot for each of 2"):
        tune_generator(generator, Pivots(pivot, target.repeat(2, 1, 1, 1)), loss, FAST)
    with pytest.raises(ValueError, match="pivots: needs W"):
        tune_generator(generator, Pivots(pivot[:, :3], target), loss, FAST)
    for wrong in ({"steps": 0}, {"learning_rate": 0}, {"locality_share": 0}, {"good_enough": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            TuningSettings(**wrong)
    nameless = make_tiny_generator()
    nameless.sha256 = ""
    with pytest.raises(ValueError, match="loaded from a file"):
        save_tuning(tmp_path / "x.safetensors", nameless, nameless)
    with pytest.raises(ValueError, match=r"\.safetensors"):
        save_tuning(tmp_path / "x.pt", generator, generator)
    with pytest.raises(ValueError, match="format"):
        save_tuning(tmp_path / "x.safetensors", generator, generator, {"format": "mine"})
    assert not list(tmp_path.iterdir())
