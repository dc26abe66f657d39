"""Soft shadows, ambient occlusion, tone curve and background, on simple shapes."""

import numpy as np
import pytest

from synth.generators.bundled_parameters import FaceParameters, map_latents_to_parameters
from synth.workshop.portraits.light.background import make_background
from synth.workshop.portraits.light.lights import make_lights
from synth.workshop.portraits.light.occlusion import find_occlusion
from synth.workshop.portraits.light.shadows import draw_shadow_map, find_shadows
from synth.workshop.portraits.light.tone import develop, make_curve
from synth.workshop.portraits.rasterise import FAR

FACING = np.array([0, 0, 1], np.float32)
SIZE = 96


@pytest.fixture
def face() -> FaceParameters:
    z = np.random.default_rng(5).normal(size=(1, 512))
    return FaceParameters.from_vector(map_latents_to_parameters(z)[0])


def _make_floor() -> tuple[np.ndarray, np.ndarray]:
    """A plane z = 0 of 20 cm: depth [SIZE, SIZE], surface [SIZE, SIZE, 9]."""
    surface = np.zeros((SIZE, SIZE, 9), np.float32)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    surface[..., :3] = FACING
    surface[..., 6], surface[..., 7] = (x + 0.5) / SIZE * 20 - 10, 10 - (y + 0.5) / SIZE * 20
    return np.zeros((SIZE, SIZE), np.float32), surface


def test_a_shadow_is_softer_far_from_what_throws_it():
    depth, surface = _make_floor()
    widths = []
    for height_cm in (1.0, 6.0):
        vertices = np.array([[-9, -9, 0], [0, -9, 0], [0, 9, 0], [-9, 9, 0]], np.float32)
        vertices[:, 2] = height_cm
        triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        shadow = draw_shadow_map(vertices, triangles, FACING)
        row = find_shadows(depth, surface, shadow)[SIZE // 2]
        assert row[SIZE // 4] == pytest.approx(0, abs=0.02)
        assert row[-SIZE // 4] == pytest.approx(1, abs=0.02)
        widths.append(((row > 0.1) & (row < 0.9)).sum())
    assert widths[1] > 1.25 * widths[0]


def test_a_floor_is_open_and_the_foot_of_a_wall_is_not():
    depth, surface = _make_floor()
    open_ = find_occlusion(depth, surface[..., :3], SIZE / 20)
    assert open_.min() > 0.99
    depth[:, : SIZE // 2] = 2.0
    walled = find_occlusion(depth, surface[..., :3], SIZE / 20)[SIZE // 2]
    assert walled[SIZE // 2 + 2] < walled[SIZE // 2 + 15] < walled[-4] + 1e-3
    assert walled[SIZE // 4] > 0.99
    assert (find_occlusion(np.full_like(depth, FAR), surface[..., :3], 5.0) == 1).all()


def test_the_curve_rises_all_the_way_and_keeps_grey_grey():
    curve = make_curve()
    assert (np.diff(curve, axis=1) >= 0).all()
    assert curve.max() <= 255
    grey = develop(np.full((12, 12, 3), 0.18, np.float32), 8)
    assert np.ptp(grey.astype(int)) < 14
    assert 100 < grey.mean() < 140


def test_a_brighter_studio_is_exposed_less(face):
    def total(power: float) -> float:
        lit = face.with_appearance(key_power=power)
        return float(make_lights(lit).colours[0].sum())

    assert 1 < total(1.0) / total(0.0) < (1.25 + 0.55) / 1.25


def test_the_background_has_only_low_frequencies(face):
    wall = make_background(face, 128)
    assert wall.min() > 0
    assert np.abs(np.diff(wall, axis=0)).max() < 0.1 * wall.max()
    assert np.abs(np.diff(wall, axis=1)).max() < 0.1 * wall.max()
