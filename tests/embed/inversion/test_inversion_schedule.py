"""The plan of an inversion: stages, learning rate, time; and the two ways of taking steps."""

import math
from itertools import pairwise

import pytest
import torch
from inversion_samples import FakeClock

from embed.inversion.optimisers import AdamSteps, LbfgsSteps, Slope
from embed.inversion.schedule import Schedule, Stage, find_rate_factor, plan_stages


def test_a_large_generator_works_at_256_before_its_own_resolution():
    assert plan_stages(1024) == (Stage(256, 0.85), Stage(1024, 1.0))
    assert plan_stages(512) == (Stage(256, 0.85), Stage(512, 1.0))
    assert plan_stages(256) == (Stage(256, 1.0),)
    assert plan_stages(64, [[16, 0.25], [64, 0.75]]) == (Stage(16, 0.25), Stage(64, 1.0))


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        [[100, 1]],
        [[64, 0.5], [32, 0.5]],
        [[32, 0.5], [32, 0.5]],
        [[128, 1]],
        [[64, 0.5]],
        [[32, 1.5], [64, -0.5]],
        [[64]],
    ],
)
def test_stages_that_make_no_plan_are_refused(wanted):
    with pytest.raises(ValueError, match="needs s"):
        plan_stages(64, wanted)


def test_the_rate_rises_then_falls_to_nothing():
    rates = [find_rate_factor(k / 100, 0.1) for k in range(101)]
    top = rates.index(max(rates))
    assert top == 10
    assert rates[top] == 1
    assert all(a < b for a, b in pairwise(rates[1 : top + 1]))
    assert all(a > b for a, b in pairwise(rates[top:]))
    assert rates[0] > 0
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert find_rate_factor(0, 0) == 1


def make_schedule(steps, budget_s, clock) -> Schedule:
    return Schedule(plan_stages(64, [[32, 0.5], [64, 0.5]]), steps, budget_s, clock, 0.0)


def test_progress_follows_steps_or_time_whichever_is_ahead():
    clock = FakeClock(0.0)
    schedule = make_schedule(10, 100.0, clock)
    schedule.begin_step()
    assert (schedule.progress, schedule.stage_index) == (0, 0)
    schedule.step = 4
    schedule.begin_step()
    assert schedule.progress == pytest.approx(0.4)
    clock.now_s = 50.0
    schedule.begin_step()
    assert schedule.progress == pytest.approx(0.5)
    assert schedule.is_last_stage
    assert schedule.find_end(49) is None
    assert schedule.find_end(51) == "budget"
    schedule.step = 10
    schedule.begin_step()
    assert schedule.find_end(0) == "steps"


def test_skipping_a_stage_saves_its_steps():
    schedule = make_schedule(10, None, FakeClock(1.0))
    schedule.step = 2
    schedule.begin_step()
    schedule.skip_stage()
    assert schedule.is_last_stage
    assert schedule.progress == pytest.approx(0.5)
    schedule.step = 7
    schedule.begin_step()
    assert schedule.find_end(1e9) == "steps"


def make_bowl(centre: torch.Tensor, stiffness: torch.Tensor):
    """A quadratic per image [batch, n], as the optimisers ask for it."""

    def evaluate(variables) -> Slope:
        offset = variables[0] - centre
        total = float((stiffness * offset**2).sum())
        return Slope(total, [2 * stiffness * offset], torch.ones(len(centre), dtype=torch.bool))

    return evaluate


def test_adam_moves_as_torchs_own():
    torch.manual_seed(0)
    centre, stiffness = torch.randn(2, 3), torch.rand(2, 3) + 0.1
    ours = [torch.zeros(2, 3)]
    theirs = torch.nn.Parameter(torch.zeros(2, 3))
    evaluate, taker = make_bowl(centre, stiffness), AdamSteps(ours)
    adam = torch.optim.Adam([theirs], lr=0.1)
    for _ in range(20):
        theirs.grad = evaluate([theirs.detach()]).gradients[0]
        adam.step()
        taker.step(ours, evaluate, 0.1)
    torch.testing.assert_close(ours[0], theirs.detach(), atol=1e-5, rtol=1e-4)


def test_adam_leaves_images_that_rest_where_they_are():
    evaluate = make_bowl(torch.ones(2, 3), torch.ones(2, 3))

    def rest_second(variables) -> Slope:
        slope = evaluate(variables)
        return Slope(slope.total, slope.gradients, torch.tensor([True, False]))

    both, alone = [torch.zeros(2, 3)], [torch.zeros(2, 3)]
    taker, other = AdamSteps(both), AdamSteps(alone)
    for _ in range(3):
        taker.step(both, rest_second, 0.1)
    assert torch.equal(both[0][1], torch.zeros(3))
    for _ in range(2):
        taker.step(both, evaluate, 0.1)
        other.step(alone, evaluate, 0.1)
    torch.testing.assert_close(both[0][1], alone[0][1])
    assert both[0][0].min() > both[0][1].max()


def test_lbfgs_finds_the_bottom_of_a_narrow_bowl():
    centre = torch.tensor([[1.0, -2.0, 3.0]])
    variables = [torch.zeros(1, 3)]
    evaluate = make_bowl(centre, torch.tensor([[1.0, 30.0, 1000.0]]))
    taker = LbfgsSteps(variables)
    for _ in range(15):
        taker.step(variables, evaluate, 0.0)
    assert math.isclose(evaluate(variables).total, 0, abs_tol=1e-6)
    with pytest.raises(ValueError, match="one image at a time"):
        LbfgsSteps([torch.zeros(2, 3)])
