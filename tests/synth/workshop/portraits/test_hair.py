"""Strands of hair on the real head model; skipped where its file is not at hand."""

import numpy as np
import pytest

from synth.workshop.portraits.hair.combing import comb_hair, make_scalp
from synth.workshop.portraits.hair.scalp import find_place, make_points, read_map
from synth.workshop.portraits.worn.body import make_body_grid

STRANDS = 3200


@pytest.fixture(scope="module")
def scalp(model):
    return make_scalp(model, make_body_grid(model))


def _comb(scalp, model, face, **changes):
    return comb_hair(scalp, face.with_appearance(**changes), np.zeros_like(model.vertices), STRANDS)


def test_places_of_the_map_invert():
    azimuth = np.array([-2.0, -0.3, 1.1, 2.9])
    row = np.array([8.0, 25.0, 33.0, 50.0])
    points = make_points(np.array([9.0, 9.5, 8.0, 7.0]), azimuth, row)
    found = np.array([find_place(*point) for point in points])
    assert np.allclose(found[:, 0] / 120 * 2 * np.pi - np.pi, azimuth, atol=1e-4)
    assert np.allclose(found[:, 1:3], np.stack([row, [9.0, 9.5, 8.0, 7.0]], 1), atol=1e-3)
    assert np.allclose(np.linalg.norm(found[:, 3:], axis=1), 1, atol=1e-4)


def test_hair_stays_outside_the_skull(scalp, model, face):
    for length in (0.1, 0.9):
        points = _comb(scalp, model, face, hair_length=length).points[::20].reshape(-1, 3)
        places = np.array([find_place(*point) for point in points])
        skin = np.array([read_map(scalp.map.radius, a, r) for a, r in places[:, :2]])
        assert (places[:, 2] - skin > -0.6).mean() > 0.97


def test_hair_grows_longer_with_its_parameter(scalp, model, face):
    reach = []
    for length in (0.0, 0.3, 0.6, 1.0):
        points = _comb(scalp, model, face, hair_length=length, hair_back=0.0, wave=-1.0).points
        reach.append(np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1).mean())
    assert np.all(np.diff(reach) > 1.0)


def test_a_fringe_covers_the_forehead(scalp, model, face):
    def cover(fringe: float, back: float) -> float:
        combed = _comb(scalp, model, face, fringe=fringe, hair_back=back, hair_length=0.6, age=0.3)
        tips = combed.points[:, 13:].reshape(-1, 3)
        front = (np.abs(tips[:, 0]) < 4) & (tips[:, 2] > 6) & (tips[:, 1] < 9.5)
        return front.mean()

    assert cover(0.95, 0.0) > 3 * cover(0.1, 0.0) + 0.005
    assert cover(0.95, 1.0) < 0.5 * cover(0.95, 0.0)


def test_a_small_step_moves_hair_a_little(scalp, model, face):
    names = ("hair_length", "hair_volume", "fringe", "parting", "wave", "hair_back")
    before = _comb(scalp, model, face)
    for name in names:
        after = _comb(scalp, model, face, **{name: face[name] + 0.002})
        assert len(after.points) == len(before.points)
        assert np.abs(after.points - before.points).mean() < 0.1, name
