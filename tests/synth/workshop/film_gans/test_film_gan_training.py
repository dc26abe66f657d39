"""Training of generators of films: it goes on where it was, stops in time, learns something."""

import numpy as np
import pytest
import torch

from synth.workshop.film_gans.drawing import draw_films, follow_films, make_film_sheet
from synth.workshop.film_gans.film_gan import FilmSizes
from synth.workshop.film_gans.registry import FILM_GANS, make_film_gan
from synth.workshop.film_gans.training import (
    PLANS,
    FilmGanPlan,
    Pace,
    fit_film_gan,
    make_fresh,
)
from synth.workshop.films.film_set import FilmSet, pick_frames

SMALL = FilmSizes(size_px=16, frames=8, width=2, categories=2)


@pytest.fixture(scope="module")
def films() -> FilmSet:
    """A bright bar that goes right, or left; nine frames."""
    found = np.full((6, 9, 16, 16, 3), 30, np.uint8)
    for k, film in enumerate(found):
        for t, frame in enumerate(film):
            place = 3 + t if k % 2 else 12 - t
            frame[:, place - 2 : place + 2] = 200 + 5 * k
    return FilmSet(found, np.arange(6) % 2, ("left", "right"))


def train(method, films, plan, folder, pace=Pace()):  # noqa: B008
    gan = make_fresh(lambda: make_film_gan(method, SMALL), 5)
    return fit_film_gan(gan, films, plan, folder, pace=pace)


@pytest.mark.parametrize("method", FILM_GANS)
def test_a_stopped_run_ends_as_one_that_was_not(method, films, tmp_path):
    whole = train(method, films, FilmGanPlan(3, 2), tmp_path / "whole")
    train(method, films, FilmGanPlan(1, 2), tmp_path / "parts")
    parts = train(method, films, FilmGanPlan(3, 2), tmp_path / "parts")
    assert (whole.step, parts.step) == (3, 3)
    for name, tensor in whole.gan.state_dict().items():
        assert torch.equal(tensor, parts.gan.state_dict()[name]), name
    starts = films.films[:3, 0]
    made = [draw_films(trainer.gan, 3, 7, starts) for trainer in (whole, parts)]
    assert np.array_equal(*made) and made[0].shape == (3, 8, 16, 16, 3)
    assert (tmp_path / "parts" / "sheet.png").is_file()
    with pytest.raises(ValueError, match="others: batch; try another folder"):
        train(method, films, FilmGanPlan(3, 3), tmp_path / "parts")


def test_chance_outside_is_left_alone_and_changes_nothing(films, tmp_path):
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    first = train("mocogan", films, FilmGanPlan(1, 2), tmp_path / "a")
    assert torch.equal(torch.rand(3), wanted)
    other = train("mocogan", films, FilmGanPlan(1, 2), tmp_path / "b")
    for name, tensor in first.gan.state_dict().items():
        assert torch.equal(tensor, other.gan.state_dict()[name]), name


def test_minutes_count_over_all_runs(films, tmp_path):
    def tick(now=[0.0]):  # noqa: B006
        now[0] += 10
        return now[0]

    plan = FilmGanPlan(1000, 2, minutes=0.5)
    trainer = train("dcgan", films, plan, tmp_path, Pace(clock=tick))
    assert (trainer.step, trainer.spent_s) == (3, 30)
    longer = FilmGanPlan(1000, 2, minutes=1.0)
    trainer = train("dcgan", films, longer, tmp_path, Pace(clock=tick))
    assert (trainer.step, trainer.spent_s) == (6, 60)
    assert train("dcgan", films, plan, tmp_path, Pace(clock=tick)).step == 6


def test_a_generator_learns_how_bright_films_are(films, tmp_path):
    plan = FilmGanPlan(60, 6, rate=2e-3)
    trainer = train("pix2pix", films, plan, tmp_path)
    fed = follow_films(trainer.gan, films.films[:, :8])
    error = np.abs(fed.astype(float) - films.films[:, :8]).mean()
    untrained = follow_films(make_film_gan("pix2pix", SMALL), films.films[:, :8])
    assert error < 0.5 * np.abs(untrained.astype(float) - films.films[:, :8]).mean()
    with pytest.raises(ValueError, match="predicts frames"):
        follow_films(make_film_gan("dcgan", SMALL), films.films)


def test_films_that_do_not_fit_are_refused(films, tmp_path):
    with pytest.raises(ValueError, match="8 frames or more of 16x16"):
        train("dcgan", FilmSet(films.films[:, :5], films.categories, films.names), FilmGanPlan(),
              tmp_path)  # fmt: skip
    with pytest.raises(ValueError, match="at most 2 categories"):
        train("dcgan", FilmSet(films.films, films.categories, ("a", "b", "c")), FilmGanPlan(),
              tmp_path)  # fmt: skip
    with pytest.raises(ValueError, match="batch of 2 or more"):
        FilmGanPlan(batch=1)
    assert not list(tmp_path.iterdir())


def test_the_gpu_plan_has_the_papers_width():
    assert PLANS["gpu"][0] == 64 and PLANS["gpu"][1].steps > PLANS["cpu"][1].steps


def test_frames_are_picked_as_wide_as_they_fit():
    assert pick_frames(16, 16).tolist() == list(range(16))
    assert pick_frames(32, 16).tolist() == list(range(0, 32, 2))
    random = np.random.default_rng(0)
    firsts = {int(pick_frames(9, 8, random)[0]) for _ in range(20)}
    assert firsts == {0, 1}
    with pytest.raises(ValueError, match="at least 8 frames"):
        pick_frames(7, 8)


def test_the_sheet_has_a_row_for_each_film(films):
    sheet = make_film_sheet(films.films[:2], shown=3, tile_px=16)
    assert sheet.shape == (32, 48, 3)
    assert np.array_equal(sheet[16:, :16], films.films[1, 0])
    assert np.array_equal(sheet[:16, 32:], films.films[0, -1])
