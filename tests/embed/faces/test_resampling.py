import numpy as np
import pytest
import torch

from embed.faces.resampling import (
    CATMULL_ROM,
    MITCHELL,
    invert_map,
    make_lanczos,
    map_points,
    resample,
    weigh_cubic,
)


def scale_by(factor: float) -> np.ndarray:
    """A map that shrinks a picture `factor` times, corner on corner."""
    return np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2]], float)


@pytest.mark.parametrize("cubic", [MITCHELL, CATMULL_ROM])
def test_weights_sum_to_one_and_keep_ramps(cubic):
    t = torch.linspace(0, 1, 11)
    weights = weigh_cubic(t, *cubic)
    assert torch.allclose(weights.sum(dim=1), torch.ones(11), atol=1e-6)
    assert torch.allclose(weights @ torch.tensor([-1.0, 0, 1, 2]), t, atol=1e-6)


def test_the_sharp_kernel_is_exact_on_the_grid():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    found = resample(picture, scale_by(1), (30, 20), cubic=CATMULL_ROM)
    assert np.abs(found - picture).max() < 1e-3


@pytest.mark.parametrize("padding", ["edge", "reflect", "constant"])
@pytest.mark.parametrize("factor", [0.3, 1, 2.7])
def test_an_even_picture_stays_even(padding, factor):
    picture = np.full((40, 50, 3), 80, np.uint8)
    size = (int(50 / factor) + 8, int(40 / factor) + 8)
    found = resample(picture, scale_by(factor), size, padding, colour=(80, 80, 80))
    assert np.abs(found - 80).max() < 1e-2


def test_fine_stripes_do_not_alias_and_coarse_ones_stay():
    x = np.arange(240)
    for period, least, most in ((2.5, 0.0, 6.0), (48, 85.0, 115.0)):
        stripes = 128 + 100 * np.sin(2 * np.pi * x / period)
        picture = np.repeat(stripes[None], 60, axis=0)[..., None]
        found = resample(picture, scale_by(4), (60, 15))[3:-3, 6:-6, 0]
        assert least <= np.abs(found - 128).max() <= most


def test_nothing_jumps_where_shrinking_begins():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    above, below = (resample(picture, scale_by(f), (60, 60)) for f in (1 + 1e-6, 1 - 1e-6))
    assert np.abs(above - below).max() < 0.5


def test_filters_sum_to_one_and_begin_as_the_identity():
    assert make_lanczos(1.0).tolist() == pytest.approx([0, 0, 1, 0, 0], abs=1e-6)
    for reduction in (1.3, 2, 5.7):
        assert make_lanczos(reduction).sum() == pytest.approx(1, abs=1e-6)


def test_a_small_part_equals_the_same_part_of_the_whole():
    """The result does not depend on how much of the source was cut out for it."""
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (200, 220, 3), dtype=np.uint8)
    matrix = np.array([[1.4, 0.5, 10.0], [-0.5, 1.4, 90.0]])
    whole = resample(picture, matrix, (80, 70))
    corner = matrix.copy()
    corner[:, 2] = map_points(matrix, np.array([[30.0, 40.0]]))[0]
    assert np.abs(resample(picture, corner, (20, 15)) - whole[40:55, 30:50]).max() < 1e-2


def test_maps_invert():
    matrix = np.array([[1.4, 0.5, 10.0], [-0.5, 1.4, 90.0]])
    points = np.array([[3.0, 4.0], [-5.0, 100.0]])
    assert np.allclose(map_points(invert_map(matrix), map_points(matrix, points)), points)


def test_maps_without_extent():
    with pytest.raises(ValueError, match="map with an extent"):
        resample(np.zeros((4, 4, 3), np.uint8), np.zeros((2, 3)), (4, 4))
