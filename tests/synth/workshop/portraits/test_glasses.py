"""Glasses on the neutral head; skipped where its file is not at hand."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import FaceParameters, map_latents_to_parameters
from synth.workshop.portraits.rasterise import find_vertex_normals
from synth.workshop.portraits.worn.glasses import find_ears, find_opacity, make_glasses


def _wear(face: FaceParameters, glasses: float, shape: float = 0.5) -> FaceParameters:
    return face.with_appearance(glasses=glasses, glasses_shape=shape)


def test_about_one_in_ten_wears_glasses_and_they_fade_in(face):
    rows = map_latents_to_parameters(np.random.default_rng(0).normal(size=(2000, 512)))
    shares = [find_opacity(FaceParameters.from_vector(row)) for row in rows]
    assert 0.05 < np.mean(shares) < 0.15
    assert (
        find_opacity(_wear(face, 1.1))
        == 0
        < find_opacity(_wear(face, 1.25))
        < find_opacity(_wear(face, 1.4))
        == 1
    )


@pytest.mark.parametrize("shape", [0.0, 0.5, 1.0])
def test_glasses_stand_before_the_eyes_and_reach_the_ears(model, face, shape):
    landmarks, ears = model.vertices[model.landmarks], model.vertices[find_ears(model.vertices)]
    glasses = make_glasses(_wear(face, 2.0, shape), landmarks, ears)
    assert glasses is not None
    assert glasses.lenses[:, 2].min() > landmarks[36:48, 2].max()
    gap = np.linalg.norm(glasses.frame[:, None] - ears, axis=-1).min(0)
    assert (gap < 0.6).all()
    assert np.abs(glasses.frame.mean(0)[0]) < 0.1
    # Tubes face outwards: each ring's normals point away from its middle.
    normals = find_vertex_normals(glasses.frame, glasses.frame_triangles)
    rings = glasses.frame.reshape(-1, 8, 3)
    outward = (rings - rings.mean(1, keepdims=True)).reshape(-1, 3)
    assert ((normals * outward).sum(1) > 0).mean() > 0.95


def test_nobody_wears_glasses_below_the_threshold(model, face):
    landmarks = model.vertices[model.landmarks]
    assert make_glasses(_wear(face, 0.5), landmarks, landmarks[[16, 0]]) is None
