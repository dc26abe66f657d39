"""What bounds an inversion: stages, plateaus, time, losses that are not finite, wrong inputs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from inversion_samples import FAST, FakeClock, make_loss

from embed.inversion.invert import InversionAids, invert
from embed.inversion.latent_spaces import measure_w
from embed.inversion.result import InversionStep
from embed.inversion.settings import InversionSettings
from embed.networks.perceptual import FaceLoss
from synth.generators.acceleration import accelerate
from synth.generators.stylegan2 import StyleGAN2


def spy_resolutions(generator: StyleGAN2, job) -> list[tuple[int, bool]]:
    """(resolution, with gradients) of each synthesis during `job`."""
    seen = []

    def note(module, arguments, named):
        seen.append((named.get("resolution"), torch.is_grad_enabled()))

    handle = generator.synthesis.register_forward_pre_hook(note, with_kwargs=True)
    try:
        job()
    finally:
        handle.remove()
    return seen


def test_low_resolution_comes_first_and_full_resolution_last(generator, loss, pictures):
    settings = replace(FAST, steps=20, stages=((16, 0.5), (32, 0.3), (64, 0.2)))
    results = []
    seen = spy_resolutions(
        generator, lambda: results.append(invert(generator, pictures, loss, settings))
    )
    assert [size for size, with_gradients in seen if with_gradients] == [16] * 10 + [32] * 6 + [
        64
    ] * 4
    assert results[0].resolutions.tolist() == [16] * 10 + [32] * 6 + [64] * 4
    # One look at the start of each lower stage: full resolution for the truth, low for the rest.
    assert [size for size, with_gradients in seen if not with_gradients] == [64, 16, 64, 32]
    assert (results[0].losses < results[0].start_losses / 2).all()


def test_lower_resolutions_agree_with_the_full_one_where_they_were_looked_at(
    generator, loss, pictures
):
    settings = replace(FAST, steps=12, stages=((32, 0.9), (64, 0.1)), perceptual_weight=0)
    steps: list[InversionStep] = []
    result = invert(generator, pictures, loss, settings, aids=InversionAids(watch=steps.append))
    mean = measure_w(generator).mean.expand(2, generator.num_layers, -1)
    with torch.no_grad():
        full = torch.nn.functional.avg_pool2d(generator.synthesis(mean), 2)
    torch.testing.assert_close(steps[0].images, full, atol=1e-4, rtol=1e-4)
    assert result.resolutions[0] == 32


def test_images_rest_on_a_plateau_and_the_run_ends_early(generator, loss, pictures, found):
    settings = replace(FAST, steps=1000, plateau_steps=5, plateau_gain=0.5, learning_rate=1e-6)
    result = invert(generator, pictures, loss, settings, start=found.w_plus)
    assert result.ended == "plateau"
    assert result.steps == 6
    staged = replace(settings, stages=((32, 0.5), (64, 0.5)))
    result = invert(generator, pictures, loss, staged, start=found.w_plus)
    assert result.ended == "plateau"
    assert result.resolutions.tolist() == [32] * 6 + [64] * 6


@pytest.mark.parametrize("stages", [None, ((32, 0.7), (64, 0.3))])
def test_a_budget_is_kept_and_full_resolution_gets_its_share(generator, loss, pictures, stages):
    settings = replace(FAST, steps=None, budget_s=100, stages=stages)
    clock = FakeClock(1.0)
    result = invert(generator, pictures, loss, settings, aids=InversionAids(clock=clock))
    assert result.ended == "budget"
    assert result.seconds <= 102  # the clock goes on while it is read
    assert result.steps > 5
    assert result.resolutions[-1] == 64
    assert (result.losses <= result.start_losses).all()


def test_low_resolution_counts_even_when_no_full_step_fits(generator, loss, pictures, monkeypatch):
    monkeypatch.setattr("embed.inversion.run.STEPS_PER_LOOK", 1e9)
    settings = replace(FAST, steps=None, budget_s=100, stages=((32, 0.6), (64, 0.4)))
    results = []
    clock = FakeClock(1.0)
    seen = spy_resolutions(
        generator,
        lambda: results.append(
            invert(generator, pictures, loss, settings, aids=InversionAids(clock=clock))
        ),
    )
    assert set(results[0].resolutions) == {32}
    assert seen[-1] == (64, False)
    again = generator.synthesis(results[0].w_plus)
    error = (again - pictures).square().mean((1, 2, 3)).numpy()
    np.testing.assert_allclose(results[0].pixel, error, rtol=1e-3)
    assert (results[0].losses < results[0].start_losses / 2).all()


def test_no_time_at_all_gives_the_start(generator, loss, pictures):
    for stages in (None, ((32, 0.7), (64, 0.3))):
        settings = replace(FAST, steps=None, budget_s=1e-3, stages=stages)
        result = invert(
            generator, pictures, loss, settings, aids=InversionAids(clock=FakeClock(1.0))
        )
        assert result.ended == "budget"
        assert result.steps <= 1
        np.testing.assert_allclose(result.losses, result.start_losses)


def test_a_budget_takes_no_step_below_the_floor(generator, loss, pictures):
    stages = ((32, 0.75), (64, 0.25))
    settings = replace(FAST, steps=50, budget_s=1e-3, stages=stages, least_steps=8)
    result = invert(generator, pictures, loss, settings, aids=InversionAids(clock=FakeClock(1.0)))
    assert (result.ended, result.steps) == ("budget", 8)
    assert result.resolutions.tolist() == [32] * 6 + [64] * 2
    few = replace(settings, steps=3, least_steps=40)
    result = invert(generator, pictures, loss, few, aids=InversionAids(clock=FakeClock(1.0)))
    assert result.steps == 3


class Spoiled(FaceLoss):
    """Says NaN of the second image from the fifth time on."""

    def __init__(self, loss: FaceLoss) -> None:
        super().__init__(loss._network)
        self.asked = 0

    def compare(self, ours, theirs):
        self.asked += 1
        found = super().compare(ours, theirs)
        if self.asked > 4 and len(found) > 1:
            found = found * torch.tensor([1.0, torch.nan])
        return found


def test_an_image_without_a_finite_loss_is_given_up_and_the_rest_go_on(generator, loss, pictures):
    result = invert(generator, pictures, Spoiled(loss), FAST)
    assert np.isfinite(result.losses).all()
    assert torch.isfinite(result.w_plus).all()
    assert np.isnan(result.curve[5:, 1]).all()
    assert result.losses[0] < result.start_losses[0] / 3
    assert result.ended == "steps"


def test_a_loss_that_was_never_finite_is_told(generator, pictures):
    class Nothing(FaceLoss):
        def compare(self, ours, theirs):
            return super().compare(ours, theirs) * torch.nan

    result = invert(generator, pictures, Nothing(make_loss()._network), FAST)
    assert result.ended == "non-finite"
    assert result.failed.all()
    mean = measure_w(generator).mean.expand(2, generator.num_layers, -1)
    torch.testing.assert_close(result.w_plus, mean, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[..., :60], "64x60"),
        (lambda x: torch.nn.functional.pad(x, (0, 1, 0, 1)), "65x65"),
        (lambda x: x[:0], "needs target pictures"),
        (lambda x: x * torch.nan, "finite"),
        (lambda x: (x + 1) * 127.5, r"to_images"),
    ],
)
def test_targets_that_do_not_fit_are_refused(generator, loss, pictures, change, message):
    with pytest.raises(ValueError, match=message):
        invert(generator, change(pictures), loss, FAST)


def test_starts_that_do_not_fit_are_refused(generator, loss, pictures, found):
    for start, message in (
        (found.w_plus[:1], "start latents of each of 2"),
        (found.w_plus[:, :4], "start: needs W"),
        (found.w_plus * torch.nan, "finite"),
        (lambda images: found.w_plus[:, :, :3], "start: needs W"),
    ):
        with pytest.raises(ValueError, match=message):
            invert(generator, pictures, loss, FAST, start=start)
    with pytest.raises(ValueError, match="a start of finite z"):
        invert(generator, pictures, loss, replace(FAST, space="z"), start=torch.zeros(2, 3))


def test_a_generator_without_gradients_is_refused(generator, loss, pictures):
    fast = accelerate(generator, "fp32", "off")
    with pytest.raises(ValueError, match="gradients pass through"):
        invert(fast, pictures, loss, FAST)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"space": "w+"},
        {"budget_s": 0},
        {"learning_rate": -1},
        {"warm_up": 1},
        {"pixel_weight": -0.1},
        {"perceptual_weight": 0, "pixel_weight": 0},
        {"noise": "free"},
        {"precision": "fp8"},
        {"z_limit": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        InversionSettings(**wrong)
