import numpy as np
import pytest

from synth.judging.frechet import find_frechet_distance


def test_equal_sets_are_at_no_distance():
    features = np.random.default_rng(0).normal(size=(50, 6))
    assert find_frechet_distance(features, features) == pytest.approx(0, abs=1e-9)


def test_it_is_the_formula_for_independent_features():
    random = np.random.default_rng(1)
    base = random.normal(size=(4000, 3))
    base = (base - base.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(base.T))).T
    # Along each axis: (shift)^2 + (s - 1)^2.
    shifted = base * (1, 2, 0.5) + (3, 0, 0)
    assert find_frechet_distance(base, shifted) == pytest.approx(9 + 1 + 0.25, abs=1e-6)


def test_it_is_symmetric_and_sees_correlation():
    random = np.random.default_rng(2)
    a = random.normal(size=(400, 4))
    b = random.normal(size=(300, 4)) @ np.triu(np.ones((4, 4)))
    assert find_frechet_distance(a, b) == pytest.approx(find_frechet_distance(b, a))
    assert find_frechet_distance(a, b) > 5 * find_frechet_distance(a[:200], a[200:])


def test_fewer_samples_than_features_give_a_number():
    random = np.random.default_rng(3)
    assert np.isfinite(
        find_frechet_distance(random.normal(size=(5, 20)), random.normal(size=(9, 20)))
    )


def test_too_few_or_broken_rows_are_refused():
    good = np.zeros((4, 2))
    for bad in (good[:1], np.full((4, 2), np.nan)):
        with pytest.raises(ValueError, match="at least two rows"):
            find_frechet_distance(good, bad)
