"""What is a cut and what is not, on frames whose difference is known."""

import cv2
import numpy as np
import pytest
from skimage import data

from synth.video.cuts import GLANCE_PX, compute_distance, is_cut, join_planes, make_glance

HEIGHT, WIDTH = 180, 320


def show(picture, left=0, gain=1.0, add=0.0):
    """A part of a picture, moved and lit."""
    part = cv2.resize(picture, (2 * WIDTH, 2 * HEIGHT))[:HEIGHT, left : left + WIDTH]
    noise = np.random.default_rng(left).normal(0, 3, part.shape)
    return (part * gain + add + noise).clip(0, 255).astype(np.uint8)


def compare(before, after):
    return is_cut(make_glance(before), make_glance(after))


@pytest.fixture(scope="module", params=["astronaut", "chelsea", "coffee"])
def picture(request):
    return getattr(data, request.param)()


def test_a_pan_is_no_cut(picture):
    # A thirtieth of the width in a frame: the whole width in a second.
    assert not compare(show(picture, 40), show(picture, 50))


def test_light_is_no_cut(picture):
    assert not compare(show(picture, gain=0.6), show(picture, gain=1.0))  # a lamp
    assert not compare(show(picture, gain=0.5), show(picture, gain=0.5, add=60))  # a flash


def test_another_picture_is_a_cut(picture):
    other = data.rocket()
    assert compare(show(picture), show(other))
    # Also where both are as bright as each other on the whole.
    level = float(show(picture).mean())
    assert compare(show(picture), show(other, gain=level / float(show(other).mean())))


def test_another_place_in_the_same_picture_is_a_cut(picture):
    assert compare(show(picture, 0), show(picture, 250))


def test_to_black_and_from_black_are_cuts(picture):
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    assert compare(show(picture), black) and compare(black, show(picture))


def test_the_same_drawing_on_another_ground_is_a_cut():
    """Shot and reverse shot, alike but for their colours."""
    frames = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
    frames[:, 40:140, 100:200, 1] = 150
    frames[1, ..., 0] = 150
    assert compare(*frames)


def test_noise_in_the_dark_is_no_cut():
    random = np.random.default_rng(0)
    dark = [random.normal(12, 12, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8) for _ in "ab"]
    assert not compare(*dark)


def test_distance_is_zero_for_the_same_and_does_not_depend_on_order(picture):
    a, b = make_glance(show(picture)), make_glance(show(data.rocket()))
    assert compute_distance(a, a) == pytest.approx(0, abs=0.02)
    assert compute_distance(a, b) == pytest.approx(compute_distance(b, a))
    assert 0.5 < compute_distance(a, b) < 2


def test_glances_of_planes_and_of_rgb_are_alike(picture):
    frame = show(picture)
    y, u, v = np.moveaxis(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV), -1, 0)
    halves = [np.ascontiguousarray(plane[::2, ::2]) for plane in (u, v)]
    joined, made = join_planes([y, *halves]), make_glance(frame)
    assert joined.shape == made.shape == (GLANCE_PX, GLANCE_PX, 3)
    assert np.abs(joined.astype(int) - made).mean() < 2
