"""The head behind pictures: fitted to the renderer's scenes, read from w."""

import numpy as np
import pytest

from synth.generators import bundled_parameters
from synth.generators.bundled_head import (
    BUNDLED_HEAD,
    load_head,
)
from synth.generators.bundled_parameters import FaceParameters
from synth.workshop.training.fit_head import make_readout, to_head_parameters


def draw_faces(count: int) -> list[FaceParameters]:
    z = np.random.default_rng(21).normal(size=(count, bundled_parameters.Z_DIM))
    return [FaceParameters.from_vector(v) for v in bundled_parameters.map_latents_to_parameters(z)]


def test_parameters_are_read_from_w():
    readout, offset = make_readout()
    for face in draw_faces(3):
        w = bundled_parameters.make_target_latents(face.to_vector()[None])[0]
        np.testing.assert_allclose(w @ readout + offset, to_head_parameters(face), atol=2e-3)


def test_the_shipped_head_lies_where_the_renderer_draws_it(renderer):
    if not BUNDLED_HEAD.is_file():
        pytest.skip(f"needs {BUNDLED_HEAD.name}, which scripts.fit_head makes")
    head, off = load_head(BUNDLED_HEAD), []
    for face in draw_faces(6):
        placed = head.place_parameters(to_head_parameters(face)).points[head.landmarks]
        true = renderer.find_landmarks(face, 1024)
        off.append(np.linalg.norm(placed * 1024 - 0.5 - true, axis=1))
    assert np.median(off) < 1.5 and np.quantile(off, 0.9) < 5
