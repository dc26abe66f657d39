"""Soft shadows, ambient occlusion, tone curve and background, on simple shapes."""

import numpy as np
import pytest

from synth.workshop.portraits.light.background import choose_wall, make_background
from synth.workshop.portraits.light.lights import make_lights
from synth.workshop.portraits.light.occlusion import find_occlusion
from synth.workshop.portraits.light.shadows import draw_shadow_map, find_shadows
from synth.workshop.portraits.light.tone import make_curve, tone
from synth.workshop.portraits.rasterise import FAR

FACING = np.array([0, 0, 1], np.float32)
SIZE = 96


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


def test_the_curve_rises_all_the_way_and_keeps_middle_grey():
    curve = make_curve()
    assert (np.diff(curve) >= 0).all()
    assert curve.max() <= 255
    assert 110 < tone(0.18, curve) < 135
    assert tone(0.0, curve) == 0
    assert tone(1e6, curve) <= 255


def test_set_ups_blend_and_dark_skin_gets_more_light(face):
    def power(**values: float) -> np.ndarray:
        lit = face.with_appearance(light_side=0.0, light_rim=0.0, light_glow=0.0)
        return make_lights(lit.with_appearance(**values), np.full(3, 0.3)).colours.sum(1)

    soft, rim, half = power(), power(light_rim=1.0), power(light_rim=0.5)
    assert rim[3] > 2 * soft[3]
    assert np.allclose(half, (soft + rim) / 2, rtol=0.2)
    assert power(melanin=0.9)[0] > power(melanin=0.1)[0]


def test_directions_are_unit_and_change_sides_smoothly(face):
    aside = []
    for azimuth in np.linspace(-2, 2, 81):
        lights = make_lights(face.with_appearance(key_azimuth=azimuth), np.full(3, 0.3))
        assert np.allclose(np.linalg.norm(lights.directions, axis=1), 1, atol=1e-5)
        aside.append(lights.directions[0, 0])
    assert aside[0] < -0.2 < 0.2 < aside[-1]
    assert np.abs(np.diff(aside)).max() < 0.15


def test_the_background_is_a_wall_with_one_disc(face):
    plain = make_background(face.with_appearance(background_slope=0.0), 128)
    assert plain.min() > 0
    assert np.abs(np.diff(plain, axis=0)).max() < 0.05 * plain.max()
    disc = make_background(face.with_appearance(background_slope=1.5), 128)
    step = np.abs(np.diff(disc, axis=1)).max(-1)
    assert (step > 0.05 * disc.max()).any(1).mean() > 0.3
    assert (step > 0.05 * disc.max()).sum(1).max() <= 8
    dark, light = (choose_wall(face.with_appearance(background=b)).sum() for b in (-1.5, 1.5))
    assert light > 1.5 * dark
