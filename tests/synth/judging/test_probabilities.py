"""What is no probability is refused by name, and is never the emotion that comes first."""

import numpy as np
import pytest

from synth.judging.emotion_scoring import check_probabilities, measure_response

EVEN = np.full((3, 7), 1 / 7)


class Scorer:
    name = "a scorer"

    def __init__(self, found):
        self.found = found

    def score(self, faces):
        return self.found


def with_row(values) -> np.ndarray:
    return np.concatenate([EVEN, np.array([values], float)])


@pytest.mark.parametrize(
    "found, message",
    [
        (with_row([np.nan] * 7), "NaN or infinity for 1 of 4 faces"),
        (with_row([np.inf, 0, 0, 0, 0, 0, 0]), "NaN or infinity for 1"),
        (with_row([0] * 7), "do not sum to 1"),
        (with_row([2, -1, 0, 0, 0, 0, 0]), "do not sum to 1"),
        (EVEN[:, :6], r"shape \(3, 6\)"),
        (EVEN[0], r"shape \(7,\)"),
    ],
)
def test_what_is_none_is_refused(found, message):
    with pytest.raises(ValueError, match=f"from a scorer; got .*{message}"):
        check_probabilities(found, "a scorer")


def test_unknown_faces_are_left_out_where_that_is_allowed():
    faces = np.zeros((4, 8, 8, 3), np.uint8)
    found = with_row([np.nan] * 7)
    assert measure_response(Scorer(found), faces, 2) == pytest.approx(1 / 7)
    with pytest.raises(ValueError, match="NaN or infinity for 4 of 4"):
        measure_response(Scorer(np.full((4, 7), np.nan)), faces, 2)
    check_probabilities(EVEN, "a scorer")
    check_probabilities(np.zeros((0, 7)), "a scorer")
