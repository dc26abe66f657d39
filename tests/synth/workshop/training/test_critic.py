"""The critic learns to tell blurred pictures from sharp ones, and rewards sharpness."""

import copy

import torch
import torch.nn.functional as F

from synth.workshop.training.critic import R1_EVERY, Opponent


def make_pictures(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    sharp = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return sharp, F.interpolate(F.avg_pool2d(sharp, 2), scale_factor=2)


def test_a_trained_critic_prefers_what_renders_show():
    torch.manual_seed(0)
    opponent = Opponent(torch.device("cpu"))
    for seed in range(40):
        sharp, blurred = make_pictures(seed)
        opponent.train(blurred, sharp)
    sharp, blurred = make_pictures(1000)
    with torch.no_grad():
        assert opponent.judge(sharp, sharp) < opponent.judge(blurred, sharp) - 0.1


def test_its_pull_is_downhill_and_of_one_size():
    torch.manual_seed(0)
    opponent = Opponent(torch.device("cpu"))
    sharp, blurred = make_pictures(0)
    pull = opponent.find_pull(blurred, sharp)
    assert torch.isclose(pull.square().mean(), torch.tensor(1.0), atol=1e-3)
    with torch.no_grad():
        moved = opponent.judge(blurred - 0.005 * pull, sharp)
        assert moved < opponent.judge(blurred, sharp)


def test_state_is_taken_up():
    torch.manual_seed(0)
    first, second = (Opponent(torch.device("cpu")) for _ in range(2))
    sharp, blurred = make_pictures(0)
    for _ in range(R1_EVERY + 1):
        first.train(blurred, sharp)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for opponent in (first, second):
        opponent.train(blurred, sharp)
    assert torch.equal(first.judge(blurred, sharp), second.judge(blurred, sharp))
