import itertools

import numpy as np
import pytest

from synth.scores.acd import (
    PAIR_BLOCK,
    compute_acd,
    compute_consecutive_acd,
    compute_distance_to_first,
    compute_pairwise_acd,
)


def draw_embeddings(seed: int, count: int = 12, dim: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim))


@pytest.mark.parametrize("seed", range(5))
def test_both_follow_their_definitions(seed):
    e = draw_embeddings(seed)
    e[[3, 7]] = np.nan
    faces = [k for k in range(12) if k not in (3, 7)]
    steps = [np.linalg.norm(e[k] - e[k + 1]) for k in faces if k + 1 in faces]
    pairs = [np.linalg.norm(e[a] - e[b]) for a, b in itertools.combinations(faces, 2)]
    result = compute_acd(e, "test")
    assert result.consecutive == pytest.approx(np.mean(steps), rel=1e-12)
    assert result.pairwise == pytest.approx(np.mean(pairs), rel=1e-12)
    assert result.frames_without_face == (3, 7)
    assert (result.frame_count, result.encoder) == (12, "test")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [2, 9, PAIR_BLOCK + 3])
def test_a_still_clip_scores_exactly_zero(dtype, count):
    e = np.repeat(draw_embeddings(0, 1, 128).astype(dtype), count, axis=0)
    e[0] = np.nan if count > 2 else e[0]
    result = compute_acd(e, "test")
    assert result.consecutive == 0.0
    assert result.pairwise == 0.0
    assert np.nanmax(compute_distance_to_first(e)) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_pairwise_does_not_depend_on_order_and_consecutive_does(seed):
    e = draw_embeddings(seed)
    shuffled = e[np.random.default_rng(seed + 100).permutation(len(e))]
    assert compute_pairwise_acd(shuffled) == pytest.approx(compute_pairwise_acd(e), rel=1e-12)
    assert compute_consecutive_acd(shuffled) != pytest.approx(compute_consecutive_acd(e), rel=1e-3)
    assert compute_consecutive_acd(e[::-1]) == pytest.approx(compute_consecutive_acd(e), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_distances_scale_and_do_not_feel_a_shift(seed):
    e = draw_embeddings(seed)
    for measure in (compute_consecutive_acd, compute_pairwise_acd):
        assert measure(3 * e + 5) == pytest.approx(3 * measure(e), rel=1e-9)


def test_blocks_join_to_the_whole():
    e = draw_embeddings(1, 2 * PAIR_BLOCK + 17, 4)
    upper = np.triu_indices(len(e), 1)
    whole = np.linalg.norm(e[upper[0]] - e[upper[1]], axis=1).mean()
    assert compute_pairwise_acd(e) == pytest.approx(whole, rel=1e-10)


def test_slow_drift_is_seen_by_pairwise_and_first_but_not_by_consecutive():
    e = np.linspace(0, 1, 101)[:, None]
    assert compute_consecutive_acd(e) == pytest.approx(0.01)
    assert compute_pairwise_acd(e) == pytest.approx(102 / 300)
    assert compute_distance_to_first(e)[-1] == pytest.approx(1)


def test_distance_to_first_begins_at_the_first_face():
    e = np.array([[np.nan, np.nan], [1, 1], [4, 5], [np.nan, np.nan]])
    distance = compute_distance_to_first(e)
    assert np.array_equal(np.isnan(distance), [True, False, False, True])
    assert distance[1:3].tolist() == [0.0, 5.0]


@pytest.mark.parametrize("faces", [[], [2], [0, 2, 4]])
def test_too_few_faces_give_none_not_zero(faces):
    e = np.full((6, 3), np.nan)
    e[faces] = draw_embeddings(0, len(faces), 3)
    result = compute_acd(e, "test")
    assert result.consecutive is None
    assert (result.pairwise is None) == (len(faces) < 2)
    assert len(result.frames_without_face) == 6 - len(faces)


def test_broken_rows_are_named():
    e = draw_embeddings(0)
    e[5, 2] = np.nan
    with pytest.raises(ValueError, match=r"\[5\]"):
        compute_acd(e, "test")
    e[5, 2] = np.inf
    with pytest.raises(ValueError, match=r"\[5\]"):
        compute_acd(e, "test")
    with pytest.raises(ValueError, match="at least one frame"):
        compute_acd(np.zeros((0, 4)), "test")
