"""What a coarse encoder learns from: rows, their pictures, and chance changes to these."""

import pytest
import torch

from embed.encoder.networks import repeat_last_row
from embed.encoder.samples import change_pictures, from_bytes, to_bytes
from embed.inversion.objective import draw_pictures
from synth.generators.capabilities import count_rows
from synth.learning.fitting import seed_for


def test_plain_faces_have_one_row_and_changed_ones_differ_in_a_block(make_task):
    source = make_task(push=2.0)[0].source
    plain = source.draw_rows(range(6), changed=False)
    assert torch.equal(plain, plain[:, :1].expand_as(plain))
    moved = make_task(push=2.0, mixed=0.0, pushed=1.0)[0].source.draw_rows(range(6))
    steps = source.statistics.find_coordinates(moved) - source.statistics.find_coordinates(plain)
    lengths = steps.norm(dim=2)
    assert (lengths < 2.001).all()
    for one in lengths:
        touched = torch.nonzero(one > 1e-3).flatten()
        assert len(touched) == touched[-1] - touched[0] + 1
        torch.testing.assert_close(one[touched], one[touched[0]].expand(len(touched)))


def test_mixed_faces_are_two_faces_with_one_seam(make_task):
    rows = make_task(mixed=1.0, pushed=0.0)[0].source.draw_rows(range(12))
    seams = ((rows[:, 1:] - rows[:, :-1]).abs().amax(2) > 1e-6).sum(1)
    assert seams.max() == 1
    assert (seams == 1).sum() > 6


def test_psi_bounds_how_far_faces_are_from_the_mean(make_task):
    near = make_task(psi_low=0.0, psi_high=0.0)[0].source
    torch.testing.assert_close(
        near.draw_rows([3], changed=False)[0], near.statistics.mean.expand(near.rows, -1)
    )


def test_the_picture_depends_on_every_row_that_is_guessed_and_on_no_other(generator):
    rows = count_rows(generator, 32)
    assert rows == 8 < generator.num_layers
    w_plus = generator.mapping(torch.randn(1, generator.z_dim))
    before = draw_pictures(generator, w_plus, 32)
    for row, seen in ((0, True), (rows - 1, True), (rows, False)):
        moved = w_plus.clone()
        moved[:, row] += 1
        assert torch.equal(draw_pictures(generator, moved, 32), before) != seen


def test_a_sample_is_the_same_in_every_batch(make_task):
    first, second = (make_task()[0].source for _ in range(2))
    pictures, coordinates = first.take([20, 21, 22])
    others = second.take([22, 25, 20])
    torch.testing.assert_close(others[1][[2, 0]], coordinates[[0, 2]])
    gap = others[0][[2, 0]].int() - pictures[[0, 2]].int()
    assert gap.abs().max() <= 1
    # Coordinates leave out axes along which w hardly varies.
    guessed, mean = (
        first.draw(first.statistics.find_rows(v)).clamp(-1, 1)
        for v in (coordinates, torch.zeros_like(coordinates))
    )
    images = from_bytes(pictures)
    assert (images - guessed).abs().mean() < 0.3 * (images - mean).abs().mean()


def test_steps_take_new_samples_and_forget_old_ones(make_task):
    task, _ = make_task()
    source, plan = task.source, task.plan
    seen: set[int] = set()
    for step in range(12):
        numbers = source.pick_numbers(step, seed_for(0, step))
        newest = max(numbers)
        assert len(numbers) == plan.batch
        assert min(numbers) > newest - plan.pool
        new = set(range(newest - plan.fresh + 1, newest + 1))
        assert new <= set(numbers)
        assert not new & seen
        seen |= set(numbers)
        source.take(numbers)
        assert min(source._kept) >= newest - plan.pool


def test_a_step_draws_the_same_every_time(make_task):
    (task, _), (again, _) = make_task(), make_task()
    task.draw_batch(2)
    (inputs, wanted), (others, theirs) = task.draw_batch(3), again.draw_batch(3)
    torch.testing.assert_close(inputs, others, atol=0.03, rtol=0)
    torch.testing.assert_close(wanted.coordinates, theirs.coordinates)
    assert inputs.abs().max() <= 1


def test_changes_touch_their_share_only_and_come_from_the_seed():
    pictures = torch.rand(8, 3, 32, 32) * 2 - 1
    changed, again = (change_pictures(pictures, seed_for(0, 1), 0.5, 0.4) for _ in range(2))
    assert torch.equal(changed, again)
    assert torch.equal(changed[4:], pictures[4:])
    assert ((changed[:4] - pictures[:4]).abs().mean((1, 2, 3)) > 0.01).all()
    assert torch.equal(change_pictures(pictures, seed_for(0, 1), 0.5, 0.0), pictures)


def test_bytes_keep_pictures_to_half_a_step():
    pictures = torch.rand(2, 3, 8, 8) * 2 - 1
    assert (from_bytes(to_bytes(pictures)) - pictures).abs().max() < 0.5 / 127.5 + 1e-6


@pytest.mark.parametrize("count", [3, 5, 9])
def test_missing_rows_are_like_the_last(count):
    rows = torch.randn(2, 3, 4)
    whole = repeat_last_row(rows, count)
    assert whole.shape == (2, count, 4)
    assert torch.equal(whole[:, :3], rows)
    assert torch.equal(whole[:, 2:], rows[:, 2:].expand(-1, count - 2, -1))
