"""Boxes: their overlap, and who is in them from picture to picture."""

import numpy as np
import pytest

from synth.faces.box_tracking import BoxTracker
from synth.faces.boxes import compute_overlap, measure_area


def box(left, top=0.0, side=10.0):
    return np.array([left, top, left + side, top + side], float)


def test_overlap_is_the_shared_part_of_what_both_cover():
    assert compute_overlap(box(0), box(0)) == 1
    assert compute_overlap(box(0), box(5)) == pytest.approx(1 / 3)
    assert compute_overlap(box(0), box(5)) == compute_overlap(box(5), box(0))
    assert compute_overlap(box(0), box(50)) == 0
    assert compute_overlap(box(0, side=0), box(0, side=0)) == 0
    assert measure_area(box(0, side=4)) == 16
    assert measure_area(np.array([5.0, 0, 0, 5])) == 0


def test_persons_keep_their_numbers_while_they_move():
    tracker = BoxTracker()
    for k in range(20):
        assert tracker.follow([box(2 * k), box(100 - 2 * k)], k / 5) == [0, 1]
        if abs(100 - 4 * k) < 12:
            break
    assert k > 15
    # The order in which they are found does not matter.
    assert tracker.follow([box(100 - 2 * k), box(2 * k)], k / 5) == [1, 0]


def test_strangers_get_new_numbers():
    tracker = BoxTracker()
    assert tracker.follow([box(0)], 0) == [0]
    assert tracker.follow([box(50), box(1)], 1) == [1, 0]
    assert tracker.follow([box(200)], 2) == [2]


def test_the_surest_pair_comes_first_and_each_counts_once():
    tracker = BoxTracker()
    tracker.follow([box(0)], 0)
    assert tracker.match([box(4), box(1)], 1) == [None, 0]
    tracker.follow([box(0), box(4.5)], 1)
    assert tracker.match([box(3)], 2) == [1]
    assert tracker.match([], 2) == []


def test_matching_notes_nothing():
    tracker = BoxTracker()
    tracker.follow([box(0)], 0)
    tracker.match([box(3)], 1)
    assert tracker.list_places(1)[0].tolist() == box(0).tolist()


def test_who_is_missed_for_long_is_another_person_when_back():
    tracker = BoxTracker(lost_s=1.0)
    assert tracker.follow([box(0)], 0.0) == [0]
    assert tracker.follow([box(0)], 1.0) == [0]
    assert tracker.list_places(2.5) == {}
    assert tracker.follow([box(0)], 2.5) == [1]


def test_a_cut_forgets_everybody_but_numbers_go_on():
    tracker = BoxTracker()
    tracker.follow([box(0), box(50)], 0)
    tracker.begin_shot()
    assert tracker.list_places(0) == {}
    assert tracker.follow([box(0)], 1) == [2]


def test_a_place_can_be_known_from_elsewhere():
    tracker = BoxTracker()
    tracker.move(0, box(30), 0)
    assert tracker.match([box(0), box(31)], 1) == [None, 0]
    assert tracker.follow([box(0)], 1) == [1]


def test_a_time_that_cannot_be_is_refused():
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="seconds of 0 or more"):
            BoxTracker(seconds)
