"""Body and clothes on the real head model; skipped where its file is not at hand."""

import itertools

import numpy as np
import pytest

from synth.workshop.portraits.worn.body import choose_cut, dress, find_head_share, make_body_grid


def test_the_surface_passes_through_the_bust(model):
    grid = make_body_grid(model)
    gap = np.linalg.norm(model.vertices[grid.roots[:, 0]] - grid.surface.reshape(-1, 3), axis=1)
    assert (gap < 0.8).mean() > 0.25
    assert grid.surface[..., 0].max() == pytest.approx(-grid.surface[..., 0].min(), abs=0.5)


def test_a_small_step_in_cut_is_a_small_step_in_cloth(model, face):
    grid, still = make_body_grid(model), np.zeros_like(model.vertices)
    steps = [
        dress(grid, face.with_appearance(cloth_style=s), still)[0]
        for s in np.arange(0.2, 0.9, 0.0125)
    ]
    moved = [np.abs(b - a).max() for a, b in itertools.pairwise(steps)]
    assert max(moved) < 2.0
    assert max(moved) > 0.1


def test_shares_of_the_cuts_stay_within_one(face):
    for style in np.linspace(0, 1, 21):
        cut = choose_cut(face.with_appearance(cloth_style=style))
        shares = (cut.v_neck, cut.ribbed)
        assert min(shares) >= 0
        assert sum(shares) <= 1 + 1e-6


def test_the_face_turns_wholly_with_the_head_and_the_chest_does_not(model):
    assert find_head_share(model.vertices[model.landmarks]).min() > 0.9
    assert find_head_share(np.array([[0.0, -18.0, 5.0]])).max() == 0
