import numpy as np
import pytest

from synth.film.marks.badge import PLACES, Badge


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [(120, 160), (40, 30), (8, 200)])
def test_the_sign_is_in_its_corner_and_nowhere_else(place, size):
    frames = np.full((2, *size, 3), 200, np.uint8)
    changed = (Badge(place)(frames) != frames).any(axis=(0, 3))
    rows, columns = np.nonzero(changed)
    height, width = size
    assert len(rows) and (frames == 200).all()
    if min(size) > 40:
        assert (rows.mean() < height / 2) == place.startswith("top")
        assert (columns.mean() < width / 2) == place.endswith("left")


def test_another_place_is_refused():
    with pytest.raises(ValueError, match="needs a corner for the badge"):
        Badge("middle")
