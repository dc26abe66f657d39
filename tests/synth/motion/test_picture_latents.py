"""The search for a picture's latent by L-BFGS, and the way up a critic's score."""

import numpy as np
import pytest
import torch
from picture_samples import Brightness, LinearGenerator, latents, make_motion

from synth.motion.pictures.critic_correction import (
    CorrectedFrames,
    CorrectedPath,
    CriticCorrection,
)
from synth.motion.pictures.latent_search import (
    SearchSettings,
    compare,
    measure_errors,
    search_latents,
)


@pytest.fixture(scope="module")
def generator():
    return LinearGenerator().eval().requires_grad_(False)


def test_the_search_finds_the_latents_of_a_linear_generator(generator):
    w_plus = latents(3)
    pictures = generator.synthesis(w_plus)
    found = search_latents(generator, pictures, SearchSettings(prior=0))
    torch.testing.assert_close(found.w_plus, w_plus, atol=1e-2, rtol=0)
    assert found.errors.max() < 1e-6


def test_what_is_found_is_never_worse_than_its_start(generator):
    pictures, start = generator.synthesis(latents(2)), latents(2, seed=5)
    found = search_latents(generator, pictures, SearchSettings(steps=1, prior=0), start)
    assert (found.errors <= measure_errors(generator, start, pictures)).all()


def test_a_prior_keeps_latents_near_the_mean(generator):
    pictures = generator.synthesis(3 * latents(1))
    near = search_latents(generator, pictures, SearchSettings(prior=10)).w_plus
    far = search_latents(generator, pictures, SearchSettings(prior=0)).w_plus
    assert near.norm() < 0.5 * far.norm()


def test_a_search_from_a_guess_stays_near_it(generator):
    pictures, start = generator.synthesis(latents(1)), latents(1, seed=5)
    free, held = (
        search_latents(generator, pictures, SearchSettings(prior=prior), start).w_plus
        for prior in (0, 10)
    )
    assert (held - start).norm() < 0.5 * (free - start).norm()


def test_more_starts_are_never_worse(generator):
    pictures = generator.synthesis(latents(1))
    few, many = (
        search_latents(generator, pictures, SearchSettings(steps=2, prior=0, starts=n)).errors
        for n in (1, 4)
    )
    assert many <= few


def test_the_measure_sees_how_far_a_thing_is_from_its_place():
    black = -torch.ones(1, 3, 64, 64)
    here, near, far = black.clone(), black.clone(), black.clone()
    here[..., 20:24, 16:20] = near[..., 20:24, 20:24] = far[..., 20:24, 48:52] = 1
    assert compare(here, here) == 0
    assert compare(here, near) < compare(here, far)


@pytest.mark.parametrize("steps", [1, 5, 40])
def test_a_correction_climbs_and_stays_within_its_bound(steps):
    correction, critic = CriticCorrection("file", steps=steps, size=0.02), Brightness()
    start = torch.rand(3, 3, 8, 8) * 2 - 1
    found = correction.climb(start, lambda x: critic(x).sum())
    assert (critic(found) > critic(start)).all()
    moved = (found - start).square().mean((1, 2, 3)).sqrt()
    assert (moved <= steps * 0.02 + 1e-6).all()


def test_a_correction_ends_at_the_top():
    correction, critic = CriticCorrection("file", steps=1000, size=0.1), Brightness()
    top = torch.full((1, 3, 8, 8), 0.5)
    assert torch.equal(correction.climb(top, lambda x: critic(x).sum()), top)
    near = correction.climb(top + 0.01, lambda x: critic(x).sum())
    assert critic(near).item() == pytest.approx(0, abs=1e-4)


def test_a_frame_is_corrected_the_same_in_any_chunk():
    stage = CorrectedFrames(Brightness(), CriticCorrection("file"))
    frames = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    times_s = torch.arange(3.0)
    with torch.inference_mode():  # as frames are drawn
        whole = stage(frames, times_s)
    assert not np.array_equal(whole, frames)
    assert np.array_equal(whole[2:], stage(frames[2:], times_s[2:]))


def test_latents_are_corrected_by_what_they_draw(generator):
    w_plus = latents(3)
    line = make_motion(w_plus).lay_path(w_plus)
    critic = Brightness()
    path = CorrectedPath(line, generator, critic, CriticCorrection("file", "latents", 5, 0.05))
    times_s = torch.linspace(0, 2, 4, dtype=torch.float64)
    with torch.inference_mode():
        rows = path(times_s)
    assert (path.duration_s, path.closed) == (2.0, False)
    before, after = (critic(generator.synthesis(x)) for x in (line(times_s), rows.clone()))
    assert (after > before).all()
    assert (rows - line(times_s)).square().mean((1, 2)).sqrt().max() <= 0.25 + 1e-6
