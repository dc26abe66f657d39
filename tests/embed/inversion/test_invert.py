"""Inversion of pictures that a tiny random generator drew itself: found again, within promises."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from inversion_samples import FAST

from embed.inversion.invert import InversionAids, invert
from embed.inversion.latent_spaces import measure_w
from embed.inversion.noise_maps import measure_correlation
from embed.inversion.objective import draw_pictures
from embed.inversion.result import InversionStep
from embed.networks.perceptual import find_perceptual_distance


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


def test_an_anchor_holds_the_latent(generator, loss, pictures, found):
    statistics = measure_w(generator)
    near = statistics.find_coordinates(found.w_plus)
    gaps = []
    for weight in (0.0, 1.0):
        settings = replace(FAST, anchor_weight=weight)
        flipped = pictures.flip(3)
        result = invert(
            generator,
            flipped,
            loss,
            settings,
            found.w_plus,
            aids=InversionAids(anchor=found.w_plus),
        )
        v = statistics.find_coordinates(result.w_plus)
        gaps.append((v - near).square().mean((1, 2)))
    assert (gaps[1] < gaps[0] / 4).all()
    for optimiser in ("adam", "lbfgs"):
        with pytest.raises(ValueError, match="anchor latents of each of 2"):
            wrong = replace(FAST, optimiser=optimiser)
            invert(generator, pictures, loss, wrong, aids=InversionAids(anchor=found.w_plus[:1]))


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


def test_every_step_is_told_with_pictures_for_a_video(generator, loss, pictures):
    steps: list[InversionStep] = []
    invert(
        generator, pictures, loss, replace(FAST, steps=5), aids=InversionAids(watch=steps.append)
    )
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
