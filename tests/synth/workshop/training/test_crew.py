"""Workers that share a batch find what one alone would."""

import torch

from synth.workshop.training.crew import Crew
from synth.workshop.training.critic import Opponent


def test_parts_come_back_in_their_order():
    assert Crew(3).map(lambda a, b: a - b, [(5, 1), (7, 2), (9, 3)]) == [4, 5, 6]


def test_sums_over_parts_are_those_of_the_whole():
    first, second = torch.randn(7, 3), torch.randn(7, 3)

    def work(a: torch.Tensor, b: torch.Tensor, share: float) -> list[torch.Tensor]:
        return [(a * b).mean(0) * share, (a + b).mean(0) * share]

    for workers in (1, 2, 3, 16):
        found = Crew(workers).add(work, first, second)
        torch.testing.assert_close(found, work(first, second, 1.0))


def test_a_critic_learns_the_same_from_two_workers():
    torch.manual_seed(0)
    made, real = torch.rand(2, 4, 3, 32, 32) * 2 - 1
    alone, shared = (Opponent(torch.device("cpu"), Crew(workers)) for workers in (1, 2))
    shared.critic.load_state_dict(alone.critic.state_dict())
    gradients = []
    for opponent in (alone, shared):
        opponent.train(made, real)
        gradients.append(torch.cat([p.grad.flatten() for p in opponent.critic.parameters()]))
    cosine = torch.cosine_similarity(*gradients, dim=0)
    assert cosine > 0.99
    torch.testing.assert_close(gradients[0].norm(), gradients[1].norm(), rtol=0.05, atol=0)
