"""Frames after one another: each begins where the last ended, and stays near it."""

from dataclasses import replace

import pytest
import torch
from inversion_samples import draw_own_pictures

from embed.inversion.invert import InversionAids, invert
from embed.inversion.latent_spaces import measure_w
from embed.inversion.sequence import SequenceInverter
from embed.inversion.settings import InversionSettings

FIRST = InversionSettings(steps=30, precision="fp32", plateau_steps=1000)


@pytest.fixture(scope="module")
def start(generator):
    return generator.mapping(torch.randn(1, 16, generator=torch.Generator().manual_seed(1)))


def test_the_first_frame_is_inverted_as_a_photo_is(generator, loss, pictures):
    found = SequenceInverter(generator, loss, FIRST).invert_next(pictures[:1])
    alone = invert(generator, pictures[:1], loss, FIRST)
    assert torch.equal(found.w_plus, alone.w_plus)


def test_a_still_film_has_still_latents_and_a_moving_one_is_followed(generator, loss, pictures):
    inverter = SequenceInverter(generator, loss, FIRST, replace(FIRST, steps=10))
    first = inverter.invert_next(pictures[:1])
    again = inverter.invert_next(pictures[:1])
    other = inverter.invert_next(pictures[1:2])
    assert again.losses[0] <= first.losses[0] + 1e-6
    assert again.steps <= 10
    still = (again.w_plus - first.w_plus).norm()
    assert still < 0.5 * (other.w_plus - again.w_plus).norm()
    assert other.losses[0] < other.start_losses[0]


def test_the_smoothness_term_holds_frames_together(generator, loss, pictures):
    spreads = measure_w(generator)
    gaps = []
    for weight in (0.0, 10.0):
        settings = InversionSettings(
            steps=15, precision="fp32", plateau_steps=1000, anchor_weight=weight
        )
        inverter = SequenceInverter(generator, loss, settings, settings, statistics=spreads)
        a, b = (inverter.invert_next(pictures[k : k + 1]).w_plus for k in (0, 1))
        gaps.append(float((a - b).norm()))
    assert gaps[1] < 0.8 * gaps[0]


def test_it_goes_on_from_latents_that_are_known(generator, loss, pictures, start):
    inverter = SequenceInverter(generator, loss, FIRST, replace(FIRST, steps=1))
    inverter.go_on_from(start)
    found = inverter.invert_next(pictures[:1])
    wanted = invert(
        generator,
        pictures[:1],
        loss,
        replace(FIRST, steps=1),
        start,
        InversionAids(start),
    )
    assert torch.equal(found.w_plus, wanted.w_plus)


def test_what_does_not_fit_is_refused(generator, loss):
    inverter = SequenceInverter(generator, loss, FIRST)
    with pytest.raises(ValueError, match="one frame after the other"):
        inverter.invert_next(draw_own_pictures(generator, 2))
    with pytest.raises(ValueError, match="the frame before: needs W"):
        inverter.go_on_from(torch.zeros(1, 3, 16))
    with pytest.raises(ValueError, match="W\\+ of one frame"):
        inverter.go_on_from(torch.zeros(2, generator.num_layers, 16))
    with pytest.raises(ValueError, match="got z"):
        SequenceInverter(generator, loss, InversionSettings(space="z"))
