"""A head turned on its neck and seen in FFHQ's crop."""

import numpy as np

from synth.generators.head_camera import find_crop, place_in_crop, project, turn_head
from synth.workshop.portraits.camera import make_rotation

PIVOT = (0.0, 1.0, 1.0)


def test_what_belongs_to_the_head_turns_as_one_with_it():
    points = np.random.default_rng(0).normal(0, 8, (20, 3))
    turned = turn_head(points, np.ones(20), (12.0, -5.0), PIVOT, 0.35)
    expected = (points - PIVOT) @ make_rotation(12.0, -5.0).T + PIVOT
    np.testing.assert_allclose(turned, expected, atol=1e-5)


def test_the_body_follows_the_yaw_alone_and_less():
    points = np.random.default_rng(1).normal(0, 8, (20, 3))
    turned = turn_head(points, np.zeros(20), (20.0, 15.0), PIVOT, 0.35)
    expected = (points - PIVOT) @ make_rotation(7.0, 0.0).T + PIVOT
    np.testing.assert_allclose(turned, expected, atol=1e-5)


def test_the_crop_fills_the_picture():
    marks = np.random.default_rng(2).normal(0, 5, (68, 2))
    centre, axis = find_crop(marks, 10.0)
    upright = np.array([-axis[1], axis[0]])
    corners = np.stack([centre - axis + upright, centre + axis - upright, centre])
    places = place_in_crop(corners, centre, axis, 512)
    np.testing.assert_allclose(places, [(0, 0), (512, 512), (256, 256)], atol=1e-6)


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
    flat, near = project(points, 95.0)
    assert np.allclose(flat, (1, 2))
    assert (near > flat).all()
