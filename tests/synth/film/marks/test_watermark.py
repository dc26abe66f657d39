import cv2
import numpy as np
import pytest
from mark_samples import make_picture

from synth.film.marks import pattern
from synth.film.marks.reading import FILES_PER_FALSE_ALARM, bound_chance, read_watermark
from synth.film.marks.watermark import LEAST_SIDE_PX, Watermark, mark_picture

ID = 0xC0FFEE42


def compress(picture: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)


def resize(picture: np.ndarray, scale: float) -> np.ndarray:
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def put_on_page(picture: np.ndarray) -> np.ndarray:
    page = np.full((420, 560, 3), 238, np.uint8)
    page[37 : 37 + len(picture), 91 : 91 + picture.shape[1]] = picture
    return page


CHANGES = {
    "nothing": lambda x: x,
    "jpeg 50": lambda x: compress(x, 50),
    "half": lambda x: resize(x, 0.5),
    "larger": lambda x: cv2.resize(x, (701, 701), interpolation=cv2.INTER_CUBIC),
    "grey": lambda x: np.repeat(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
    "brighter": lambda x: cv2.convertScaleAbs(x, alpha=0.8, beta=40),
    "one side cut": lambda x: x[:, 40:],
    "crop 90 %": lambda x: x[11:299, 20:308],
    "crop 70 %, jpeg": lambda x: compress(np.ascontiguousarray(x[30:254, 60:284]), 70),
    "screenshot": lambda x: compress(put_on_page(x), 80),
}


@pytest.mark.parametrize("side_px", [128, 320, 501])
@pytest.mark.parametrize("make", [make_picture, lambda side: np.full((side, side, 3), 128, "u1")])
def test_nobody_sees_it(make, side_px):
    picture = make(side_px)
    marked = mark_picture(picture, ID)
    error = np.mean((marked.astype(float) - picture) ** 2)
    assert error > 0 and 10 * np.log10(255**2 / error) >= 42
    assert np.abs(marked.astype(int) - picture).max() <= 12


@pytest.mark.parametrize("change", CHANGES)
def test_the_identifier_survives(change):
    marked = mark_picture(make_picture(), ID)
    found = read_watermark([np.ascontiguousarray(CHANGES[change](marked))[None]])
    assert found is not None and found.identifier == ID
    assert found.log10_chance < -5


def test_the_scale_is_found():
    cut = mark_picture(make_picture(), ID)[10:266, 10:266]
    found = read_watermark([np.ascontiguousarray(cut)[None]])
    assert found is not None and found.scale == pytest.approx(320 / 256, rel=0.02)


@pytest.mark.parametrize("seed", range(2))
def test_unmarked_pictures_give_nothing(seed):
    assert read_watermark([make_picture(96, seed)[None]]) is None


@pytest.mark.parametrize("period_px", [2, 8])
def test_patterns_of_others_give_nothing(period_px):
    rows, columns = np.mgrid[:96, :96] // period_px
    board = np.repeat((((rows + columns) % 2) * 255).astype(np.uint8)[..., None], 3, axis=2)
    assert read_watermark([board[None]]) is None


def test_frames_vote():
    random = np.random.default_rng(0)
    clean = [make_picture(128, seed) for seed in range(6)]
    noisy = [
        np.clip(mark_picture(x, ID) + random.normal(0, 14, x.shape), 0, 255).astype(np.uint8)
        for x in clean
    ]
    alone = [read_watermark([x[None]]) for x in noisy[:2]]
    together = read_watermark([np.stack(noisy[:3]), np.stack(noisy[3:])])
    assert together is not None and together.identifier == ID and together.frames == 6
    assert all(one is None or one.log10_chance > together.log10_chance for one in alone)


def test_a_frame_is_marked_the_same_alone_and_among_others():
    frames = np.stack([make_picture(96, seed) for seed in range(3)])
    together = Watermark(ID)(frames)
    assert np.array_equal(Watermark(ID)(frames[2:]), together[2:])
    assert not np.array_equal(Watermark(ID + 1)(frames), together)


def test_what_is_too_small_is_left_alone():
    frames = np.zeros((2, LEAST_SIDE_PX - 1, 200, 3), np.uint8)
    assert Watermark(ID)(frames) is frames
    assert read_watermark([frames[:, :20]]) is None
    assert read_watermark([]) is None


def test_the_pattern_scales_with_the_picture():
    small, large = pattern.draw_pattern(ID, 256, 256), pattern.draw_pattern(ID, 512, 512)
    again = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), again.ravel())[0, 1] > 0.95
    assert small.std() == pytest.approx(1, rel=0.05)


def test_the_bound_holds_where_angles_are_by_chance():
    # exp(-s^2 / 2), the search's many tries aside, against a million draws.
    random = np.random.default_rng(0)
    weights = random.exponential(size=400)
    angles = random.uniform(0, 2 * np.pi, (20_000, 400))
    scores = np.cos(angles) @ weights / np.sqrt(np.sum(weights**2) / 2)
    for score in (1.0, 2.0, 3.0):
        assert np.mean(scores > score) <= np.exp(-(score**2) / 2)
    assert bound_chance(7.5, 0) < np.log10(0.5 / FILES_PER_FALSE_ALARM) < bound_chance(6.9, 0)
