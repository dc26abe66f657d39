"""The plain recipe that inversion is measured against: its schedule, and that it does project."""

import pytest
import torch
from inversion_samples import draw_own_pictures, make_loss, make_tiny_generator

from benchmarks.inversion import Progress, find_time_to
from benchmarks.plain_projection import find_plain_rate, project_plainly


def test_the_rate_is_the_published_ramp():
    assert find_plain_rate(0) == 0
    assert find_plain_rate(0.025) == pytest.approx(0.05)
    assert find_plain_rate(0.5) == pytest.approx(0.1)
    assert find_plain_rate(0.875) == pytest.approx(0.05)
    assert find_plain_rate(1) == pytest.approx(0)


def test_it_projects_and_tells_each_step():
    generator, loss = make_tiny_generator(), make_loss()
    target = draw_own_pictures(generator, 1)
    told = []
    w, final = project_plainly(
        generator, target, loss, 30, lambda step, distance: told.append((step, distance))
    )
    assert [step for step, _ in told] == list(range(30))
    assert final < told[0][1] / 2
    assert w.shape == (1, generator.w_dim)
    assert torch.isfinite(w).all()
    told.clear()
    project_plainly(generator, target, loss, 1000, lambda *one: told.append(one), stop_after=3)
    assert len(told) == 3


def test_the_time_to_a_loss_is_the_first_one():
    run = Progress([1, 2, 3], [0.5, 0.2, 0.1], 3.5, 0.05, 0)
    assert find_time_to(run, 0.2) == 2
    assert find_time_to(run, 0.06) == 3.5
    assert find_time_to(run, 0.01) is None
