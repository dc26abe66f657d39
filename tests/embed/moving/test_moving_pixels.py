"""A photo's pixels: what does not move stays to the bit, what moves goes where it is told."""

import cv2
import numpy as np
import pytest
from moving_samples import make_marks, make_photo, make_shift, open_mouth

from embed.moving import painting
from embed.moving.displacement import FIELD_PX, Displacement
from embed.moving.filling import fade_out, fill_smoothly
from embed.moving.grain import measure_grain
from embed.moving.head_mask import find_head_mask
from embed.moving.layers import make_layers
from embed.moving.mesh_field import draw_shifts
from embed.moving.painting import Ground, frame_crop, paint_moved

SIDE = 256


def make_plain(level: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def make_mesh() -> tuple[np.ndarray, np.ndarray]:
    """Points [n, 2] over the middle of a picture, and triangles that face the viewer."""
    line = np.linspace(0.25, 0.75, 9)
    points = np.stack(np.meshgrid(line, line), 2).reshape(-1, 2)
    first = (np.arange(8)[:, None] * 9 + np.arange(8)).ravel()
    upper = np.stack([first, first + 9, first + 1], 1)
    lower = np.stack([first + 1, first + 9, first + 10], 1)
    return points, np.concatenate([upper, lower])


def test_a_mesh_that_rests_moves_nothing():
    points, triangles = make_mesh()
    shifts, known = draw_shifts(points, points, np.zeros(81), triangles)
    assert np.abs(shifts).max() < 1e-6
    assert known[FIELD_PX // 2, FIELD_PX // 2] == 1 and known[5, 5] == 0


def test_a_mesh_tells_its_affine_motion_and_lets_it_fade():
    points, triangles = make_mesh()
    turn = np.array([[1.02, 0.03], [-0.02, 0.97]])
    now = (points - 0.5) @ turn.T + 0.51
    shifts, known = draw_shifts(points, now, np.zeros(81), triangles)
    places = (np.stack(np.meshgrid(*[np.arange(FIELD_PX) + 0.5] * 2), 2)) / FIELD_PX
    true = (places - 0.51) @ np.linalg.inv(turn).T + 0.5 - places
    inside = cv2.erode(known, np.ones((9, 9))) > 0
    assert np.abs(shifts - true)[inside].max() < 2e-4
    assert (shifts[:20] == 0).all() and (shifts[:, -20:] == 0).all()
    growth = [1 + FIELD_PX * np.diff(shifts[..., k], axis=1 - k) for k in (0, 1)]
    assert min(x.min() for x in growth) > 0.1 and max(x.max() for x in growth) < 2.5, "no tears"


def test_what_lies_in_front_is_seen():
    points, triangles = make_mesh()
    both = np.concatenate([points, points + np.array([0.1, 0])])
    before = np.concatenate([points, points + np.array([0.1, 0.05])])
    depth = np.repeat([0.0, 1.0], 81)
    doubled = np.concatenate([triangles, triangles + 81])
    for nearer, expected in ((depth, 0.05), (-depth, 0.0)):
        shifts, _ = draw_shifts(before, both, nearer, doubled)
        middle = shifts[FIELD_PX // 2, FIELD_PX // 2]
        np.testing.assert_allclose(middle, (0, expected), atol=1e-5)


def test_filling_keeps_what_is_known_and_joins_it():
    known = np.zeros((64, 64), np.float32)
    known[:, :8], known[:, -8:] = 1, 1
    values = np.zeros((64, 64, 1), np.float32)
    values[:, -8:] = 1
    filled = fill_smoothly(values, known)[..., 0]
    assert np.array_equal(filled[:, :8], values[:, :8, 0])
    middle = filled[32]
    assert (np.diff(middle) >= -1e-4).all() and 0.4 < middle[32] < 0.6
    fade = fade_out(known[:, :32], 10)
    assert (fade[:, :8] == 1).all() and (fade[:, 18:] == 0).all() and (np.diff(fade) <= 0).all()


def test_nothing_moves_without_motion():
    photo = make_photo(SIDE, SIDE)
    layers = make_layers(photo, make_plain(100), make_plain(100), make_shift((0, 0)))
    assert np.array_equal(paint_moved(frame_crop(photo), layers), photo)


def test_whole_pixels_are_moved_to_the_bit_and_the_rest_stays():
    photo = make_photo(SIDE, SIDE)
    layers = make_layers(photo, make_plain(100), make_plain(100), make_shift((4 / SIDE, -6 / SIDE)))
    moved = paint_moved(frame_crop(photo), layers)
    assert np.array_equal(moved[90:160, 90:160], photo[84:154, 94:164])
    outside = np.ones((SIDE, SIDE), bool)
    outside[75:181, 75:181] = False
    assert np.array_equal(moved[outside], photo[outside])


@pytest.mark.parametrize("tile_px", [50, 117])
def test_tiles_make_the_picture_that_the_whole_makes(tile_px):
    photo, angle = make_photo(300, 420), 0.2
    arms = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * 90
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    ground = Ground(photo, arms @ turn.T + (200, 140))
    moved = make_shift((0.013, 0.021))
    opened = Displacement(
        moved.shifts, moved.known, moved.marks_before, open_mouth(make_marks(), 0.05),
        open_mouth(make_marks(), 0.05), moved.eyes, moved.teeth,
    )  # fmt: skip
    layers = make_layers(make_photo(SIDE, SIDE), make_plain(90), make_plain(150), opened)
    whole = paint_moved(ground, layers)
    assert np.abs(whole.astype(int) - paint_moved(ground, layers, tile_px)).max() <= 1
    assert (whole != photo).any() and np.array_equal(whole[:, :60], photo[:, :60])


def test_light_comes_from_the_generator_and_is_bounded():
    photo, moved = make_plain(100), make_shift((0.0, 1e-4), 0.1, 0.95)
    lit = make_plain(80)
    lit[120:140, 60:90] = 200
    layers = make_layers(photo, make_plain(80), lit, moved)
    painted = paint_moved(frame_crop(photo), layers).astype(int)
    assert 105 < painted[130, 75, 0] <= 125, "brighter, but less than the generator's"
    assert np.abs(painted[200:, 200:] - 100).max() <= 1


def test_the_generator_fills_an_opened_mouth_in_the_photos_colours():
    marks = make_marks()
    opened = open_mouth(marks, 0.06)
    nothing, none = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32), np.zeros((2, 2))
    moved = Displacement(nothing, nothing[..., 0] + 1, marks, opened, opened, none, none)
    drawn = make_plain(120)
    y, x = round(0.705 * SIDE), SIDE // 2
    drawn[y - 4 : y + 5, x - 8 : x + 9] = (60, 20, 20)
    photo = make_plain(180)
    painted = paint_moved(frame_crop(photo), make_layers(photo, make_plain(120), drawn, moved))
    shadow = painted[y, x] / (np.array([60, 20, 20]) * 1.5)
    assert 0.6 < shadow[0] <= 1.05 and np.ptp(shadow) < 0.1, "its colours, beside the lips darker"
    assert np.array_equal(painted[: SIDE // 2], photo[: SIDE // 2])


@pytest.mark.parametrize("softness_px", [0.0, 0.8])
def test_what_is_drawn_has_the_photos_grain_and_rests(softness_px):
    marks = make_marks()
    opened = open_mouth(marks, 0.08)
    nothing, none = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32), np.zeros((2, 2))
    moved = Displacement(nothing, nothing[..., 0] + 1, marks, opened, opened, none, none)
    side = 2 * SIDE
    noise = np.random.default_rng(1).normal(0, 8, (side, side)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), softness_px) if softness_px else noise
    photo = (150 + np.repeat(noise[..., None], 3, 2)).clip(0, 255).astype(np.uint8)
    crop = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    layers = make_layers(crop, make_plain(150), make_plain(150), moved)
    ground = frame_crop(photo)
    grain = measure_grain(photo, ground.to_photo, marks)
    painted = paint_moved(ground, layers, grain=grain)
    within = slice(round(0.695 * side), round(0.735 * side)), slice(round(0.46 * side), side // 2)

    def find_fine(picture):
        part = picture[within].astype(np.float32)[..., 0]
        return float((part - cv2.GaussianBlur(part, (0, 0), 1.2)).std())

    smooth = paint_moved(ground, layers)
    assert find_fine(smooth) < 0.3 * find_fine(photo)
    assert find_fine(painted) == pytest.approx(find_fine(photo), rel=0.2)
    assert np.array_equal(painted, paint_moved(ground, layers, 99, grain)), "tiles join"
    again = measure_grain(photo, ground.to_photo, marks)
    assert np.array_equal(painted, paint_moved(ground, layers, grain=again)), "still"
    assert measure_grain(np.full_like(photo, 150), ground.to_photo, marks) is None


def test_a_black_and_white_photo_has_no_colours_in_its_mouth():
    marks = make_marks()
    opened = open_mouth(marks, 0.06)
    nothing, none = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32), np.zeros((2, 2))
    moved = Displacement(nothing, nothing[..., 0] + 1, marks, opened, opened, none, none)
    skin, mouth = make_plain(120), make_plain(120)
    skin[:], mouth[:] = (200, 150, 130), (90, 30, 30)
    y, x = round(0.705 * SIDE), SIDE // 2
    for photo, spread in ((make_plain(150), (0, 4)), (skin, (20, 90))):
        painted = paint_moved(frame_crop(photo), make_layers(photo, skin, mouth, moved))
        assert spread[0] <= np.ptp(painted[y, x].astype(int)) <= spread[1]
        assert (painted[y, x] < 120).all(), "the mouth's dark"


def test_a_place_beside_the_photo_repeats_its_edge():
    photo = make_photo(80, 80)
    ground = Ground(photo, np.array([(-40.0, -40), (-40, 60), (60, 60), (60, -40)]))
    layers = make_layers(
        make_photo(SIDE, SIDE), make_plain(9), make_plain(9), make_shift((-0.4, -0.4))
    )
    painted = paint_moved(ground, layers)
    assert (painted[1:20, 1:20] == photo[0, 0]).all()
    assert painting.TILE_PX >= 256


def test_a_mask_holds_the_head_with_its_hair_and_not_what_is_around_it():
    marks, photo = make_marks(), make_photo(SIDE, SIDE) // 4 + 150
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    hair = np.hypot((x - 0.5) / 0.33, (y - 0.4) / 0.33) < 1
    photo[hair & (y < 0.5)] = (60, 40, 30)
    face = cv2.convexHull((marks[:27] * SIDE).astype(np.float32)).astype(np.int32)
    cv2.fillConvexPoly(photo, face, (210, 170, 150))
    mask = cv2.resize(find_head_mask(photo, marks), (SIDE, SIDE))
    assert mask[hair & (y < 0.45)].min() > 0.6, "hair and face"
    assert mask[round(0.84 * SIDE), SIDE // 2] > 0.5, "room for a dropping chin"
    assert mask[:8].max() < 0.05 and mask[:, :20].max() < 0.05 and mask[-10:].max() < 0.1
    assert (find_head_mask(photo, np.full((68, 2), 0.5)) == 1).all()


def test_an_eye_that_opens_wider_shows_a_round_iris():
    marks, photo = make_marks(), make_plain(190)
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    centre, radius = np.array([0.37, 0.43]), 0.024
    photo[np.hypot(x - 0.37, y - 0.43) < radius] = 40
    photo[(y < 0.412) | (y > 0.448)] = (200, 120, 100)  # lids
    wide = marks.copy()
    wide[[37, 38], 1] -= 0.012
    wide[[40, 41], 1] += 0.012
    nothing, none = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32), np.zeros((2, 2))
    moved = Displacement(nothing, nothing[..., 0], marks, wide, wide, none, none)
    layers = make_layers(photo, make_plain(9), make_plain(9), moved)
    assert len(layers.eyes) == 1
    np.testing.assert_allclose(layers.eyes[0].centre, centre, atol=0.004)
    painted = paint_moved(frame_crop(photo), layers)
    above = painted[round(0.4115 * SIDE), round(0.37 * SIDE)]
    assert above.max() < 90, "iris, where the lid was"
    assert np.array_equal(painted[:, SIDE // 2 :], photo[:, SIDE // 2 :])
