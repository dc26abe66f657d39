"""What each generator of films is about: bounds, memories, losses, by their properties."""

import math

import pytest
import torch
from torch import nn

from synth.workshop.film_gans.blocks import judge
from synth.workshop.film_gans.convlstm import ConvLSTM
from synth.workshop.film_gans.film_gan import Drawn, FilmSizes, RealFilms
from synth.workshop.film_gans.pix2pix import DIFFERENCE_WEIGHT
from synth.workshop.film_gans.registry import make_film_gan
from synth.workshop.film_gans.tgan import clip_matrix, clip_singular_values

SMALL = FilmSizes(size_px=16, frames=8, width=4, categories=3)


def make_real(count=2):
    films = torch.rand(count, 3, SMALL.frames, 16, 16) * 2 - 1
    return RealFilms(films, torch.arange(count) % SMALL.categories)


def test_the_usual_game_is_cross_entropy():
    logits = torch.tensor([0.0, 2.0])
    right = -math.log(1 / (1 + math.exp(-2)))
    assert float(judge(logits, True)) == pytest.approx((math.log(2) + right) / 2)
    assert float(judge(-logits, False)) == pytest.approx((math.log(2) + right) / 2)


def test_clipping_cuts_what_stretches_and_leaves_the_rest():
    matrix = torch.randn(5, 9)
    clipped = clip_matrix(matrix)
    values, before = torch.linalg.svdvals(clipped), torch.linalg.svdvals(matrix)
    torch.testing.assert_close(values, before.clamp(max=1))
    short = matrix / (2 * before[0])
    torch.testing.assert_close(clip_matrix(short), short)


def test_a_clipped_critic_stretches_nowhere():
    critic = make_film_gan("tgan", SMALL).critics
    with torch.no_grad():
        for module in critic.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.weight.copy_(torch.linspace(-3, 3, len(module.weight)))
                module.running_var.fill_(0.25)
    clip_singular_values(critic)
    for module in critic.modules():
        if isinstance(module, nn.Linear | nn.Conv3d):
            assert torch.linalg.svdvals(module.weight.flatten(1)).max() <= 1 + 1e-5
        elif isinstance(module, nn.BatchNorm3d):
            scale = module.weight / (module.running_var + module.eps).sqrt()
            assert scale.min() >= 0 and scale.max() <= 1 + 1e-6


def test_tgan_clips_every_fifth_step():
    gan = make_film_gan("tgan", SMALL)
    weight = gan.critics.judge.weight
    for step, is_cut in ((0, True), (4, False), (5, True)):
        with torch.no_grad():
            weight.fill_(10)
        gan.keep_bounds(step)
        assert (weight.norm() < 1.01) == is_cut


def test_tgan_plays_for_the_difference_of_means():
    gan, real = make_film_gan("tgan", SMALL).eval(), make_real()
    drawn = gan.draw(real)
    valued, true = gan.critics(drawn.films).mean(), gan.critics(real.films).mean()
    torch.testing.assert_close(gan.find_critic_loss(real, drawn), valued - true)
    torch.testing.assert_close(gan.find_generator_loss(real, drawn), -valued)


def test_a_memory_does_not_look_ahead():
    layer = ConvLSTM(2, 3)
    x = torch.randn(1, 2, 5, 4, 4)
    changed = x.clone()
    changed[:, :, 3] += 1
    before, after = layer(x), layer(changed)
    assert before.shape == (1, 3, 5, 4, 4)
    assert torch.equal(before[:, :, :3], after[:, :, :3])
    assert not torch.allclose(before[:, :, 3:], after[:, :, 3:])


def test_memories_in_a_row_still_tell_films_apart():
    """With usual first weights nothing of noise and picture is left after five."""
    generator = make_film_gan("convlstm", FilmSizes(16, 8, 16, 3)).generator
    seen = []
    generator.recur[-1].register_forward_hook(lambda *call: seen.append(call[2]))
    generator(torch.randn(6, 100), torch.rand(6, 3, 16, 16) * 2 - 1)
    generator(torch.zeros(6, 100), torch.rand(6, 3, 16, 16) * 2 - 1)
    both, picture = ((shown.std(0).mean() / shown.square().mean().sqrt()) for shown in seen)
    assert both > 0.5 and picture > 0.1


def test_pix2pix_learns_neighbours_and_asks_for_likeness():
    gan, real = make_film_gan("pix2pix", SMALL), make_real()
    drawn = gan.draw(real)
    before, after, guess = drawn.films.unbind(2)
    for row, film in enumerate(real.films):
        places = [k for k in range(7) if torch.equal(film[:, k], before[row])]
        assert len(places) == 1 and torch.equal(film[:, places[0] + 1], after[row])
    exact = Drawn(torch.stack([before, after, after], 2))
    off = Drawn(torch.stack([before, after, after + 0.1], 2))
    told = judge(gan.critics(before, after), True)
    torch.testing.assert_close(gan.find_generator_loss(real, exact), told)
    more = gan.find_generator_loss(real, off) - judge(gan.critics(before, after + 0.1), True)
    assert more.item() == pytest.approx(DIFFERENCE_WEIGHT * 0.1, rel=1e-4)
    assert guess.requires_grad


def test_pix2pix_goes_on_from_its_own_frames_or_from_true_ones():
    gan, films = make_film_gan("pix2pix", SMALL), make_real().films
    free, fed = gan.make_films(2, films[:, :, 0]), gan.follow_films(films)
    assert torch.equal(free[:, :, 0], films[:, :, 0])
    assert torch.equal(fed[:, :, 0], films[:, :, 0])
    # Fed, a change of the third frame is seen in the fourth alone.
    changed = films.clone()
    changed[:, :, 2] = -changed[:, :, 2]
    torch.manual_seed(0)
    one = gan.follow_films(films)
    torch.manual_seed(0)
    other = gan.follow_films(changed)
    differs = [not torch.equal(one[:, :, k], other[:, :, k]) for k in range(8)]
    assert differs == [False, False, False, True, False, False, False, False]


def test_a_walk_through_z_comes_back_and_keeps_its_length():
    gan = make_film_gan("dcgan", SMALL).eval()
    seen = []
    gan.generator.mapping.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    films = gan.make_films(2)
    torch.testing.assert_close(films[:, :, 0], films[:, :, -1])
    assert not torch.allclose(films[:, :, 0], films[:, :, 4])
    z = seen[0].unflatten(0, (2, 8))
    assert 0.5 < float((z.norm(dim=2) / z.norm(dim=2)[:, :1]).mean()) < 1.5


def test_mocogan_keeps_content_apart_from_motion():
    generator = make_film_gan("mocogan", SMALL).eval().generator
    content, kinds = torch.randn(2, 50), torch.tensor([0, 2])
    noise = torch.randn(2, 8, 10)
    motion = generator.move(torch.zeros(2, 10), noise)
    changed = noise.clone()
    changed[:, 5] += 1
    later = generator.move(torch.zeros(2, 10), changed)
    assert torch.equal(motion[:, :5], later[:, :5]) and not torch.equal(motion[:, 5:], later[:, 5:])
    still = generator(content, kinds, motion[:, :1].expand(-1, 8, -1))
    torch.testing.assert_close(still, still[:, :, :1].expand_as(still))
    moving = generator(content, kinds, motion)
    assert not torch.allclose(moving, moving[:, :, :1].expand_as(moving))
    assert not torch.allclose(generator(content, kinds.flip(0), motion), moving)


def test_mocogan_asks_for_films_of_each_category():
    gan, real = make_film_gan("mocogan", SMALL), make_real(6)
    drawn = gan.draw(real)
    _, named = gan.critics["film"](drawn.films)
    right = Drawn(drawn.films, named.argmax(1))
    wrong = Drawn(drawn.films, named.argmin(1))
    losses = []
    for asked in (right, wrong):
        torch.manual_seed(1)
        losses.append(gan.find_generator_loss(real, asked).item())
    assert losses[0] < losses[1]
