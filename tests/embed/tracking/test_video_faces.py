"""Mostly with a stand-in that sees painted squares as faces: fast, and the truth is known."""

import tracemalloc

import numpy as np
import pytest
from painted_faces import (
    HEIGHT,
    SHAPE,
    SIDE,
    WIDTH,
    LevelEncoder,
    PaintedPlacer,
    make_finder,
    paint,
)

from embed.faces.align import compute_quad
from embed.faces.base import NoFaceError
from embed.tracking.face_tracking import PersonTracker, Sighting
from embed.tracking.point_smoothing import Smoothing
from embed.tracking.video_faces import CropSettings, gather_points, track_person

FPS = 25.0
SMALL = CropSettings(size_px=64)


def track(frames, noise=0.0, encoder=None, **settings):
    tracker = PersonTracker(make_finder(noise), encoder, **settings)
    return list(track_person(frames, FPS, tracker, crop=SMALL))


def measure_shake(quads: np.ndarray) -> float:
    """Root mean square distance of the corners [frame, 4, 2] from their mean places."""
    return float(np.sqrt(quads.var(axis=0).sum(axis=1).mean()))


def find_centres(tracked) -> list[float]:
    """Where the face is from left to right in each frame; NaN for none."""
    return [np.nan if one.points is None else one.points.mean(axis=0)[0] for one in tracked]


def test_every_frame_comes_back_once_in_order_with_its_own_pixels():
    frames = [paint((20 + k, 30, 100)) for k in range(60)]
    tracked = track(iter(frames))
    assert [one.index for one in tracked] == list(range(60))
    assert all(one.frame is frame for one, frame in zip(tracked, frames, strict=True))
    assert [one.time_s for one in tracked] == pytest.approx((np.arange(60) / FPS).tolist())
    assert all(one.face.crop.shape == (64, 64, 3) and one.seen for one in tracked)
    expected = 20 + np.arange(60) + SIDE / 2
    assert np.abs(np.array(find_centres(tracked)) - expected).max() < 1


def test_a_still_face_under_noise_holds_still_and_a_moving_one_is_not_late():
    rests = track([paint((80, 40, 100))] * 60, noise=0.4)
    placer, box = PaintedPlacer(0.4), np.array([80.0, 40, 120, 80])
    raw = np.array([compute_quad(placer.place(one.frame, box)) for one in rests])
    assert measure_shake(raw) > 0.5
    assert measure_shake(np.array([one.face.quad for one in rests])) < 0.3
    path = (80 + 40 * np.sin(2 * np.pi * np.arange(75) / 25)).astype(int)
    moved = track([paint((left, 40, 100)) for left in path], noise=0.4)
    centres = np.array(find_centres(moved)) - SIDE / 2
    lags = [
        np.abs(centres[8:-8] - path[8 - lag : len(path) - 8 - lag]).mean() for lag in range(-3, 4)
    ]
    assert int(np.argmin(lags)) - 3 == 0


def test_short_gaps_are_bridged_long_ones_are_without_a_face():
    frames = [paint((20 + k, 30, 100)) for k in range(100)]
    for k in (*range(20, 26), *range(50, 80)):
        frames[k] = paint()
    tracked = track(frames)
    centres = np.array(find_centres(tracked))
    assert np.abs(centres[:48] - (20 + np.arange(48) + SIDE / 2)).max() < 1.5
    assert not any(tracked[k].seen for k in range(20, 26))
    assert np.isnan(centres[52:80]).all() and np.isfinite(centres[83:]).all()
    assert all(tracked[k].face is None for k in range(52, 80))


def test_nothing_carried_on_is_believed_before_a_miss():
    face, nothing = SHAPE * SIDE, None
    made = [
        Sighting(face, True, 0), Sighting(face, False, 0), Sighting(face, False, 0),
        Sighting(face, True, 0), Sighting(face, False, 0), Sighting(nothing, False, 0),
        Sighting(face, True, 1), Sighting(face, False, 1),
    ]  # fmt: skip
    present = ~np.isnan(gather_points(made, shot=0)).any(axis=(1, 2))
    assert present.tolist() == [True] * 4 + [False] * 4
    present = ~np.isnan(gather_points(made, shot=1)).any(axis=(1, 2))
    assert present.tolist() == [False] * 6 + [True] * 2


def test_a_cut_to_another_person_is_not_followed():
    frames = (
        [paint((30, 30, 100))] * 30 + [paint((100, 40, 200))] * 30 + [paint((30, 30, 100))] * 20
    )
    centres = find_centres(track(frames, encoder=LevelEncoder()))
    assert np.allclose(centres[:27], 50, atol=1)
    assert np.isnan(centres[30:60]).all()
    assert np.allclose(centres[63:], 50, atol=1)


def test_a_cut_to_the_same_person_elsewhere_does_not_sweep():
    frames = [paint((20, 30, 100))] * 30 + [paint((130, 40, 100))] * 30
    for encoder in (LevelEncoder(), None):
        centres = np.array(find_centres(track(frames, encoder=encoder)))
        assert np.allclose(centres[:27], 40, atol=1) and np.allclose(centres[33:], 150, atol=1)
        between = centres[27:33]
        between = between[np.isfinite(between)]
        assert (np.minimum(abs(between - 40), abs(between - 150)) < 1).all()


def test_a_cut_to_another_person_in_the_same_place_is_not_followed():
    """Shot and reverse shot, each with one face in the middle."""
    other = paint((64, 42, 200))
    other[..., 0] = 150
    frames = [paint((60, 40, 100))] * 29 + [other] * 30 + [paint((60, 40, 100))] * 20
    centres = np.array(find_centres(track(frames, encoder=LevelEncoder())))
    assert np.allclose(centres[:29], 80, atol=1) and np.allclose(centres[59:], 80, atol=1)
    assert np.isnan(centres[29:59]).all()
    same = [paint((60, 40, 100))] * 29 + [np.maximum(paint((66, 42, 100)), other * [1, 0, 0])] * 20
    same = [frame.astype(np.uint8) for frame in same]
    centres = np.array(find_centres(track(same, encoder=LevelEncoder())))
    assert np.allclose(centres[:29], 80, atol=0.1) and np.allclose(centres[29:], 86, atol=0.1)


def test_two_people_who_cross_keep_their_names():
    frames = [paint((150 - 2 * k, 50, 200), (10 + 2 * k, 30, 100)) for k in range(70)]
    encoder = LevelEncoder()
    left_first = np.array(find_centres(track(frames, encoder=encoder, which=0)))
    person = np.array([200.0])
    other = np.array(find_centres(track(frames, encoder=encoder, person=person)))
    k = np.arange(70)
    apart = np.abs((150 - 2 * k) - (10 + 2 * k)) > 60
    assert np.nanmax(np.abs(left_first - (10 + 2 * k + 20))[apart]) < 3
    assert np.nanmax(np.abs(other - (150 - 2 * k + 20))[apart]) < 3
    assert np.isfinite(left_first[apart]).mean() > 0.8 and np.isfinite(other[apart]).mean() > 0.8


def test_the_second_face_on_request():
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    frame[10:70, 10:70, 1], frame[40:80, 120:160, 1] = 100, 200
    centres = find_centres(track([frame] * 10, which=1))
    assert np.allclose(centres, 140, atol=1)
    assert np.allclose(find_centres(track([frame] * 10)), 40, atol=1)


def test_a_video_without_the_person_says_so():
    with pytest.raises(NoFaceError, match="painted found no such face in 12 frames"):
        track([paint()] * 12)
    seen = []
    with pytest.raises(NoFaceError):
        tracker = PersonTracker(make_finder(), LevelEncoder(), person=np.array([200.0]))
        for one in track_person([paint((30, 30, 100))] * 8, FPS, tracker):
            seen.append(one.face)
    assert seen == [None] * 8


def test_a_late_entrance_and_an_exit():
    frames = [paint()] * 20 + [paint((60, 30, 100))] * 20 + [paint()] * 20
    centres = np.array(find_centres(track(frames)))
    assert np.isnan(centres[:20]).all() and np.isnan(centres[41:]).all()
    assert np.isfinite(centres[23:37]).all()


def test_memory_stays_constant_however_long_the_video():
    def make(count):
        return (paint((30 + k % 7, 30, 100)) for k in range(count))

    def measure(count) -> int:
        tracemalloc.start()
        for _ in track_person(make(count), FPS, PersonTracker(make_finder(), None), crop=SMALL):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    measure(26)
    assert measure(90) < 1.2 * measure(45)


def test_frames_come_out_after_a_short_wait():
    given = 0

    def count():
        nonlocal given
        for _ in range(100):
            given += 1
            yield paint((30, 30, 100))

    next(iter(track_person(count(), FPS, PersonTracker(make_finder(), None), crop=SMALL)))
    assert given <= np.ceil(Smoothing().reach_s * FPS) + 5


def test_detections_are_rare():
    finder = make_finder()
    frames = [paint((30, 30, 100))] * 60
    list(track_person(frames, FPS, PersonTracker(finder, None, detect_every=5), crop=SMALL))
    assert finder.detector.calls <= 60 / 5 + 60 / 25 + 2


def test_settings_that_cannot_be():
    with pytest.raises(ValueError, match="frames a second above 0"):
        list(track_person([], 0, PersonTracker(make_finder(), None)))
    with pytest.raises(ValueError, match="one face to follow"):
        PersonTracker(make_finder(), None, which="all")
    with pytest.raises(ValueError, match="detect_every and search_every of 1 or more"):
        PersonTracker(make_finder(), None, detect_every=0)
    with pytest.raises(ValueError, match="needs a face encoder"):
        PersonTracker(make_finder(), None, person=np.zeros(3))
    with pytest.raises(ValueError, match="frames of one size"):
        track(iter([paint((30, 30, 100)), np.zeros((9, 9, 3), np.uint8)]))
