"""Renders of the real head model; skipped where its file is not at hand."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import EMOTIONS
from synth.workshop.portraits.scene import find_crop, project
from synth.workshop.portraits.shape.expressions import make_expression


def test_same_parameters_same_pixels_within_the_tone_curve(renderer, face):
    first, second = renderer.render(face, 96), renderer.render(face, 96)
    assert np.array_equal(first, second)
    assert first.shape == (96, 96, 3)
    assert (first >= 254).mean() < 0.02


def test_emotions_change_the_face_and_leave_the_background(renderer, face):
    calm = renderer.render(face.with_emotion(None), 96).astype(int)
    for emotion in EMOTIONS:
        moved = np.abs(renderer.render(face.with_emotion(emotion), 96).astype(int) - calm)
        inside, corner = moved[40:80, 24:72].mean(), moved[:12, :12].mean()
        assert inside > 3, emotion
        assert corner < 0.5, emotion


def test_every_emotion_has_its_own_expression(renderer, face):
    weights = np.stack(
        [
            make_expression(renderer.studio.muscles, face.with_emotion(emotion))
            for emotion in EMOTIONS
        ]
    )
    gaps = np.linalg.norm(weights[:, None] - weights[None], axis=-1)
    assert gaps[~np.eye(6, dtype=bool)].min() > 0.8
    assert not make_expression(renderer.studio.muscles, face.with_emotion(None)).any()


def test_crop_follows_the_published_recipe(shared_assets):
    with np.load(shared_assets / "reference" / "ffhq_align_expected.npz") as expected:
        landmarks, quads = expected["landmarks"], expected["quads"]
    for points, quad in zip(landmarks, quads, strict=True):
        flipped = points * (1, -1)
        centre, axis = find_crop(flipped.astype(np.float64), 0.0)
        upright = np.array([-axis[1], axis[0]])
        corners = [centre - axis + upright, centre - axis - upright]
        corners += [centre + axis - upright, centre + axis + upright]
        assert np.allclose(np.array(corners) * (1, -1), quad, atol=0.01)


def test_projection_enlarges_what_is_near():
    points = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 10.0]])
    flat, near = project(points)
    assert np.allclose(flat, (1, 2))
    assert (near > flat).all()


def test_an_unknown_shape_is_named(renderer):
    with pytest.raises(ValueError, match="eyebrowDance"):
        renderer.studio.model.make_expression_weights({"eyebrowDance": 1.0})
