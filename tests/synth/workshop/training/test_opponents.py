"""Large pictures have two critics; each learns from what it sees, and both reach every pixel."""

import torch

from synth.workshop.training.opponents import Opponents, find_views, join_views
from synth.workshop.training.plans import Stage

LARGE = Stage(512, 8, 2, 1e-2, trunk=128, patch=16, adversarial=10.0, reduced=4.0)
WINDOW = (..., slice(8, 24), slice(0, 16))


def test_a_stage_without_a_pull_needs_none():
    opponents = Opponents(torch.device("cpu"))
    opponents.meet(Stage(512, 8, 2, 1e-2))
    assert not opponents
    opponents.train({})


def test_large_pictures_are_looked_at_reduced_too():
    assert LARGE.pulls == {512: 10.0, 256: 4.0}
    assert Stage(256, 8, 2, 1e-2, adversarial=1.0, reduced=1.0).pulls == {256: 1.0}
    output, target = torch.rand(2, 4, 3, 64, 64)
    views = find_views(LARGE, output, target, WINDOW)
    assert torch.equal(views[512][0], output[WINDOW])
    assert torch.equal(views[512][1], target[WINDOW])
    expected = output.reshape(4, 3, 32, 2, 32, 2).mean((3, 5))
    torch.testing.assert_close(views[256][0], expected)


def test_each_pulls_at_a_pixel_as_much_as_the_stage_says():
    torch.manual_seed(0)
    output, target = torch.rand(2, 4, 3, 64, 64)
    output.requires_grad_()
    for pulls, place in (((10.0, 0.0), WINDOW), ((0.0, 4.0), ...)):
        stage = Stage(512, 8, 4, 1e-2, trunk=128, adversarial=pulls[0], reduced=pulls[1])
        opponents = Opponents(torch.device("cpu"))
        opponents.meet(stage)
        views = find_views(stage, output, target, WINDOW)
        (slope,) = torch.autograd.grad(opponents.pull(stage, views, output.numel()), output)
        size = slope[place].square().mean().sqrt() * output.numel()
        torch.testing.assert_close(float(size), sum(pulls), rtol=1e-3, atol=0)


def test_critics_begin_alike_whatever_chance_was_drawn_before():
    views = find_views(LARGE, *torch.rand(2, 2, 3, 64, 64), WINDOW)
    judged = []
    for seed, drawn in ((0, 0), (0, 3), (1, 0)):
        torch.rand(drawn)
        opponents = Opponents(torch.device("cpu"), seed=seed)
        opponents.meet(LARGE)
        judged.append([opponents[size].judge(*view) for size, view in views.items()])
    assert judged[0] == judged[1]
    assert judged[0] != judged[2]


def test_parts_of_a_batch_are_joined_in_their_order():
    output, target = torch.rand(2, 4, 3, 64, 64)
    whole = find_views(LARGE, output, target, WINDOW)
    halves = zip(output.split(2), target.split(2), strict=True)
    joined = join_views([find_views(LARGE, *half, WINDOW) for half in halves])
    for size in (512, 256):
        torch.testing.assert_close(joined[size], whole[size])


def test_critics_stay_from_stage_to_stage_and_through_a_state():
    torch.manual_seed(0)
    opponents = Opponents(torch.device("cpu"))
    opponents.meet(Stage(256, 8, 2, 1e-2, adversarial=1.0))
    known = opponents[256]
    views = find_views(LARGE, *torch.rand(2, 2, 3, 64, 64), WINDOW)
    opponents.train({256: views[256]})
    opponents.meet(LARGE)
    assert opponents[256] is known
    assert (opponents[256].steps, opponents[512].steps) == (1, 0)
    other = Opponents(torch.device("cpu"))
    other.load_state_dict(opponents.state_dict())
    for size, (generated, renders) in views.items():
        found = [one[size].judge(generated, renders) for one in (opponents, other)]
        assert torch.equal(*found)
