import pytest

from synth.batches import take_batches


@pytest.mark.parametrize("size", [1, 3, 7, 9])
def test_batches_hold_all_items_in_order(size):
    found = list(take_batches(iter(range(7)), size))
    assert [item for batch in found for item in batch] == [*range(7)]
    assert all(len(batch) == size for batch in found[:-1]) and 0 < len(found[-1]) <= size


def test_no_more_than_one_batch_is_taken_ahead():
    items = iter(range(100))
    batches = take_batches(items, 4)
    assert next(batches) == [0, 1, 2, 3] and next(items) == 4


def test_no_items_make_no_batch_and_no_size_is_refused():
    assert list(take_batches([], 4)) == []
    with pytest.raises(ValueError, match="needs batches of at least 1; got 0"):
        list(take_batches([1], 0))
