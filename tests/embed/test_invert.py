"""Inversion of pictures that a tiny random generator drew itself: found again, within promises."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from inversion_samples import FakeClock, draw_own_pictures, make_loss, make_tiny_generator

from embed.inversion import Inversion, InversionStep
from embed.inversion_settings import InversionSettings
from embed.invert import invert
from embed.latent_spaces import measure_w
from embed.noise_maps import measure_correlation
from embed.objective import draw_pictures
from embed.perceptual import FaceLoss, find_perceptual_distance
from synth.generators.acceleration import accelerate
from synth.generators.stylegan2 import StyleGAN2

FAST = InversionSettings(steps=40, precision="fp32", plateau_steps=1000)


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    return make_tiny_generator()


@pytest.fixture(scope="module")
def loss() -> FaceLoss:
    return make_loss()


@pytest.fixture(scope="module")
def pictures(generator) -> torch.Tensor:
    return draw_own_pictures(generator, 2)


@pytest.fixture(scope="module")
def found(generator, loss, pictures) -> Inversion:
    return invert(generator, pictures, loss, FAST)


def test_its_own_pictures_are_recovered_from_the_mean(generator, loss, pictures, found):
    again = generator.synthesis(found.w_plus)
    mean = generator.synthesis(measure_w(generator).mean.expand(2, generator.num_layers, -1))
    before = find_perceptual_distance(loss, mean, pictures)
    after = find_perceptual_distance(loss, again, pictures)
    assert (after < before / 4).all()
    errors = [(x - pictures).square().mean((1, 2, 3)) for x in (again, mean)]
    assert (errors[0] < errors[1] / 3).all()
    assert found.ended == "steps"
    assert found.steps == 40
    assert not found.failed.any()


def test_what_it_tells_is_true_of_the_latents(generator, loss, pictures, found):
    again = generator.synthesis(found.w_plus)
    distance = find_perceptual_distance(loss, again, pictures).numpy()
    error = (again - pictures).square().mean((1, 2, 3)).numpy()
    np.testing.assert_allclose(found.perceptual, distance, rtol=1e-3)
    np.testing.assert_allclose(found.pixel, error, rtol=1e-3)
    assert (found.losses >= found.perceptual + found.pixel).all()
    np.testing.assert_allclose(found.losses, np.nanmin(found.curve, 0))
    assert (found.losses <= found.start_losses).all()


def test_the_same_call_gives_the_same_bytes(generator, loss, pictures, found):
    again = invert(generator, pictures, loss, FAST)
    assert torch.equal(again.w_plus, found.w_plus)
    assert np.array_equal(again.curve, found.curve)


@pytest.mark.parametrize("stages", [None, ((32, 0.5), (64, 0.5))])
def test_a_batch_gives_what_its_images_give_alone(generator, loss, pictures, stages):
    settings = replace(FAST, steps=16, stages=stages, plateau_steps=4, plateau_gain=0.05)
    both = invert(generator, pictures, loss, settings)
    for k in range(2):
        alone = invert(generator, pictures[k : k + 1], loss, settings)
        torch.testing.assert_close(both.w_plus[k], alone.w_plus[0], atol=2e-3, rtol=1e-3)
        np.testing.assert_allclose(both.losses[k], alone.losses[0], rtol=1e-2)


def test_a_good_start_is_never_made_worse(generator, loss, pictures, found):
    wild = replace(FAST, steps=3, learning_rate=50.0, warm_up=0)
    after = invert(generator, pictures, loss, wild, start=found.w_plus)
    assert (after.losses <= found.losses * 1.0001).all()
    torch.testing.assert_close(after.w_plus, found.w_plus, atol=1e-4, rtol=1e-4)
    assert (after.curve[-1] > after.losses).all()


def test_an_encoder_is_asked_for_the_start(generator, loss, pictures, found):
    asked = []

    def encode(images: torch.Tensor) -> torch.Tensor:
        asked.append(tuple(images.shape))
        return found.w_plus

    short = invert(generator, pictures, loss, replace(FAST, steps=1), start=encode)
    assert asked == [(2, 3, 64, 64)]
    np.testing.assert_allclose(short.start_losses, found.losses, rtol=1e-3)


def test_w_gives_one_row_and_w_plus_fits_closer(generator, loss, pictures, found):
    shared = invert(generator, pictures, loss, replace(FAST, space="w"))
    assert torch.equal(shared.w_plus, shared.w_plus[:, :1].expand_as(shared.w_plus))
    assert (shared.losses < shared.start_losses / 3).all()
    assert found.losses.sum() < shared.losses.sum()


def test_penalties_keep_the_latent_near_the_mean_and_its_rows_together(generator, loss, pictures):
    statistics = measure_w(generator)
    sizes, spreads = [], []
    for weights in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)):
        distance_weight, row_weight = weights
        settings = replace(FAST, distance_weight=distance_weight, row_weight=row_weight)
        v = statistics.find_coordinates(invert(generator, pictures, loss, settings).w_plus)
        sizes.append(float(v.square().mean()))
        spreads.append(float((v - v.mean(1, keepdim=True)).square().mean()))
    assert sizes[1] < sizes[0] / 2
    assert spreads[2] < spreads[0] / 2


def test_z_stays_bounded_and_maps_to_the_latents(generator, loss, pictures):
    settings = replace(FAST, space="z", z_limit=1.5)
    result = invert(generator, pictures, loss, settings)
    assert result.z is not None
    assert float(result.z.abs().max()) <= 1.5
    torch.testing.assert_close(generator.mapping(result.z), result.w_plus)
    assert (result.losses < result.start_losses).all()
    given = invert(generator, pictures, loss, replace(settings, steps=1), start=result.z)
    np.testing.assert_allclose(given.start_losses, result.losses, rtol=1e-3)


def test_lbfgs_goes_further_than_adam_in_as_many_steps(generator, loss, pictures, found):
    result = invert(generator, pictures[:1], loss, replace(FAST, optimiser="lbfgs"))
    assert result.losses[0] < found.losses[0] * 1.1
    assert result.losses[0] < result.start_losses[0] / 4
    both = invert(generator, pictures, loss, replace(FAST, optimiser="lbfgs", steps=2))
    assert both.w_plus.shape == (2, generator.num_layers, generator.w_dim)
    assert (both.losses < both.start_losses).all()


def test_noise_maps_help_and_stay_noise(generator, loss, pictures, found):
    settings = replace(FAST, noise="optimised")
    result = invert(generator, pictures, loss, settings)
    maps = result.noise_maps
    assert maps is not None
    assert [x.shape[-1] for x in maps] == [4, 8, 8, 16, 16, 32, 32, 64, 64]
    for x in maps:
        assert x.shape[:2] == (2, 1)
        torch.testing.assert_close(x.mean((1, 2, 3)), torch.zeros(2), atol=1e-4, rtol=0)
        torch.testing.assert_close(x.var((1, 2, 3), correction=0), torch.ones(2), atol=1e-3, rtol=0)
    own = invert(generator, pictures, loss, replace(settings, noise_weight=0)).noise_maps
    assert own is not None
    assert (measure_correlation(maps) < measure_correlation(own)).all()
    again = draw_pictures(generator, result.w_plus, 64, maps=maps)
    error = (again - pictures).square().mean((1, 2, 3)).numpy()
    np.testing.assert_allclose(error, result.pixel, rtol=1e-3)


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
    result = invert(generator, pictures, loss, settings, watch=steps.append)
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
    result = invert(generator, pictures, loss, settings, clock=clock)
    assert result.ended == "budget"
    assert result.seconds <= 102  # the clock goes on while it is read
    assert result.steps > 5
    assert result.resolutions[-1] == 64
    assert (result.losses <= result.start_losses).all()


def test_no_time_at_all_gives_the_start(generator, loss, pictures):
    for stages in (None, ((32, 0.7), (64, 0.3))):
        settings = replace(FAST, steps=None, budget_s=1e-3, stages=stages)
        result = invert(generator, pictures, loss, settings, clock=FakeClock(1.0))
        assert result.ended == "budget"
        assert result.steps <= 1
        np.testing.assert_allclose(result.losses, result.start_losses)


def test_every_step_is_told_with_pictures_for_a_video(generator, loss, pictures):
    steps: list[InversionStep] = []
    invert(generator, pictures, loss, replace(FAST, steps=5), watch=steps.append)
    assert [step.step for step in steps] == [1, 2, 3, 4, 5]
    assert all(np.isfinite(step.losses).all() for step in steps)
    assert all((np.diff([step.best[k] for step in steps]) <= 0).all() for k in range(2))
    frames = steps[-1].draw_frames(48)
    assert frames.shape == (2, 48, 48, 3)
    assert frames.dtype == np.uint8
    assert steps[-1].draw_frames(100).shape == (2, 100, 100, 3)
    assert not steps[-1].images.requires_grad


def test_bf16_finds_about_the_same(generator, loss, pictures, found):
    result = invert(generator, pictures, loss, replace(FAST, precision="bf16"))
    assert (result.losses < found.losses * 1.5 + 0.01).all()
    assert generator.dtype == torch.float32


def test_pictures_of_other_sizes_are_compared_at_the_smaller(generator, loss, pictures):
    small = torch.nn.functional.avg_pool2d(pictures, 2)
    large = torch.nn.functional.interpolate(pictures, scale_factor=2)
    for targets in (small, large):
        result = invert(generator, targets, loss, FAST)
        assert (result.losses < result.start_losses / 3).all()


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
        (found.w_plus[:1], "a start for each of 2"),
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
