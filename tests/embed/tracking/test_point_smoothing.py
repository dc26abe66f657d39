import numpy as np
import pytest

from embed.faces.align import compute_quad, map_crop_to_photo
from embed.faces.resampling import invert_map, map_points
from embed.tracking.point_smoothing import (
    Smoothing,
    bridge_gaps,
    smooth_at,
    smooth_points,
    weigh_line,
)

FPS = 25.0
CROP_PX = 256


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """68 points spread over 200 pixels, as a face's are."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-100, 100, (68, 2)) + np.array([320.0, 240.0])
    points[36:42] = np.array([280.0, 220.0]) + rng.uniform(-12, 12, (6, 2))
    points[42:48] = np.array([360.0, 220.0]) + rng.uniform(-12, 12, (6, 2))
    points[48], points[54] = (290, 300), (350, 300)
    return points


def count_times(count: int, fps: float = FPS) -> np.ndarray:
    return np.arange(count) / fps


def measure_shake(track: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square of how far what belongs at the crop's corners and middle moves in it."""
    moves = []
    for points, true in zip(track, truth, strict=True):
        expected = compute_quad(true)
        places = np.vstack([expected, expected.mean(axis=0)[None]])
        back, back_true = (
            invert_map(map_crop_to_photo(quad, CROP_PX))
            for quad in (compute_quad(points), expected)
        )
        moves.append(map_points(back, places) - map_points(back_true, places))
    return float(np.sqrt((np.array(moves) ** 2).sum(axis=2).mean()))


@pytest.mark.parametrize("fps", [12.5, 25, 60])
def test_a_still_face_under_noise_holds_still(face, fps):
    """Twice the noise that dlib's points have: shake in pixels of a 256 crop below 0.3."""
    rng = np.random.default_rng(1)
    truth = np.repeat(face[None], round(6 * fps), axis=0)
    noisy = truth + rng.normal(0, 0.5, truth.shape)
    smoothed = smooth_points(count_times(len(truth), fps), noisy, Smoothing())
    assert measure_shake(noisy, truth) > 0.5
    assert measure_shake(smoothed, truth) < 0.3


def find_lag(found: np.ndarray, truth: np.ndarray) -> float:
    """Frames by which a signal runs late: the shift, to a tenth, that fits best."""
    frames = np.arange(len(truth))
    shifts = np.arange(-5, 5.01, 0.1)
    inner = slice(10, -10)
    errors = [np.square(np.interp(frames - s, frames, truth) - found)[inner].sum() for s in shifts]
    return float(shifts[int(np.argmin(errors))])


@pytest.mark.parametrize("hertz", [0.3, 1, 2])
def test_a_nodding_face_is_followed_without_lag(face, hertz):
    rng = np.random.default_rng(2)
    times_s = count_times(100)
    move = 15 * np.sin(2 * np.pi * hertz * times_s)
    truth = face[None] + move[:, None, None] * np.array([0.3, 1.0])
    smoothed = smooth_points(times_s, truth + rng.normal(0, 0.7, truth.shape), Smoothing())
    found = (smoothed - face).mean(axis=1)[:, 1]
    assert abs(find_lag(found, move)) < 0.5
    assert np.sqrt(np.mean((found - move) ** 2)) < 0.15 * 15


def test_a_sudden_start_is_followed_within_two_frames(face):
    """At rest, then 8 pixels a frame, then at rest again."""
    rng = np.random.default_rng(3)
    move = 8.0 * np.clip(np.arange(80) - 30, 0, 20)
    truth = face[None] + move[:, None, None] * np.array([1.0, 0.0])
    smoothed = smooth_points(count_times(80), truth + rng.normal(0, 0.7, truth.shape), Smoothing())
    found = (smoothed - face).mean(axis=1)[:, 0]
    assert np.abs(found - move).max() < 2 * 8.0
    assert abs(find_lag(found, move)) < 0.5


def test_steady_motion_is_kept_exactly_to_the_ends(face):
    move = 3.0 * np.arange(50)
    truth = face[None] + move[:, None, None]
    assert np.abs(smooth_points(count_times(50), truth, Smoothing()) - truth).max() < 1e-6


def test_equal_points_stay_equal_and_one_frame_is_enough(face):
    still = np.repeat(face[None], 30, axis=0)
    assert np.abs(smooth_points(count_times(30), still, Smoothing()) - still).max() < 1e-9
    for count in (1, 2, 3):
        found = smooth_points(count_times(count), still[:count], Smoothing())
        assert np.abs(found - still[:count]).max() < 1e-9


def test_short_gaps_are_bridged_and_long_ones_left(face):
    times_s = count_times(60)
    truth = face[None] + np.arange(60)[:, None, None]
    track = truth.copy()
    track[10:15] = np.nan
    track[25:50] = np.nan
    track[:2] = track[58:] = np.nan
    bridged = bridge_gaps(times_s, track, bridge_s=0.5)
    assert np.allclose(bridged[2:25], truth[2:25])
    missing = np.isnan(bridged).any(axis=(1, 2))
    assert np.flatnonzero(missing).tolist() == [0, 1, *range(25, 50), 58, 59]
    smoothed = smooth_points(times_s, track, Smoothing())
    assert np.array_equal(np.isnan(smoothed).any(axis=(1, 2)), missing)


def test_nothing_is_taken_from_beyond_a_long_gap(face):
    times_s = count_times(40)
    track = np.repeat(face[None], 40, axis=0)
    track[15:32] = np.nan
    track[32:] += 500
    smoothed = smooth_points(times_s, track, Smoothing(still_s=2.0))
    assert np.abs(smoothed[:15] - face).max() < 1e-6
    assert np.abs(smoothed[32:] - face - 500).max() < 1e-6


def test_a_window_gives_the_same_as_the_whole(face):
    """What lies further away than `reach_s` has no say."""
    rng = np.random.default_rng(4)
    smoothing = Smoothing()
    times_s, track = count_times(80), face[None] + rng.normal(0, 1, (80, 68, 2))
    reach = int(np.ceil(smoothing.reach_s * FPS))
    window = slice(40 - reach, 40 + reach + 1)
    part = smooth_at(times_s[window], track[window], reach, smoothing)
    assert np.abs(part - smooth_at(times_s, track, 40, smoothing)).max() < 1e-9


def test_weights_are_those_of_a_line():
    rng = np.random.default_rng(5)
    away_s = np.sort(rng.uniform(-0.5, 0.2, 20))
    weights = weigh_line(away_s, 0.3)
    assert weights.sum() == pytest.approx(1) and weights @ away_s == pytest.approx(0, abs=1e-12)


def test_settings_that_cannot_be():
    for wrong in ({"still_s": 0.0}, {"moving_s": 0.0}, {"moving_s": 1.0}, {"bridge_s": -1.0}):
        with pytest.raises(ValueError, match="needs 0 < moving_s <= still_s"):
            Smoothing(**wrong)
