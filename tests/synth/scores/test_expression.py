import numpy as np
import pytest

from synth.scores.expression import FACE_POINTS, RIGID_POINTS, compute_expression_size


def draw_face(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(50, 200, (68, 2))


def carry(points, turn_deg, scale, shift):
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return scale * points @ np.array([[c, -s], [s, c]]).T + shift


@pytest.mark.parametrize("seed", range(4))
def test_a_still_face_is_exactly_zero(seed):
    assert (
        compute_expression_size(np.repeat(draw_face(seed)[None], 5, axis=0)).tolist() == [0.0] * 5
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("turn_deg", "scale"), [(0, 1), (25, 1.3), (-170, 0.4)])
def test_moving_the_head_is_no_expression(seed, turn_deg, scale):
    face = draw_face(seed)
    sizes = compute_expression_size(np.stack([face, carry(face, turn_deg, scale, [30, -12])]))
    assert sizes[1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_moved_points_count_by_their_share_and_the_eye_distance(seed):
    face = draw_face(seed)
    moving = [k for k in FACE_POINTS if k not in RIGID_POINTS][:10]
    other = face.copy()
    other[moving] += [3, 4]  # 5 pixels
    expected = 5 * len(moving) / len(FACE_POINTS) / np.linalg.norm(face[36] - face[45])
    sizes = compute_expression_size(np.stack([face, other]))
    assert sizes == pytest.approx([0, expected])
    # The same expression counts the same in a video of twice the size, and on a turned head.
    assert compute_expression_size(np.stack([face, other]) * 2)[1] == pytest.approx(expected)
    turned = np.stack([face, carry(other, 40, 0.7, [9, 9])])
    assert compute_expression_size(turned)[1] == pytest.approx(expected)


def test_the_jaw_line_is_left_out():
    face = draw_face(0)
    other = face.copy()
    other[:17] += 30
    assert compute_expression_size(np.stack([face, other]))[1] == pytest.approx(0, abs=1e-12)


def test_mirror_images_are_not_aligned():
    face = draw_face(0)
    assert compute_expression_size(np.stack([face, face * [-1, 1]]))[1] > 0.1


def test_frames_without_a_face_are_nan_and_the_first_face_is_the_reference():
    missing = np.full((68, 2), np.nan)
    face = draw_face(0)
    sizes = compute_expression_size(np.stack([missing, face, missing, face + 3]))
    assert np.array_equal(np.isnan(sizes), [True, False, True, False])
    assert sizes[1] == 0 and sizes[3] == pytest.approx(0, abs=1e-12)
    assert np.isnan(compute_expression_size(missing[None])).all()


def test_points_without_eyes_are_refused():
    with pytest.raises(ValueError, match="two eyes"):
        compute_expression_size(np.zeros((2, 68, 2)))
