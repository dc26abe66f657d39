"""The rows of the comparison: who makes films, and what is known of how.

Seconds are of one core (process time on one thread), so that another job on the machine changes
nothing; so are the minutes that a method learns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.film_gans.control import Told, tell_films
from benchmarks.film_gans.ours import draw_our_films
from benchmarks.film_gans.settings import Settings, TrueFilms
from synth.emotions import Emotion
from synth.workshop.film_gans.drawing import draw_films, draw_films_of, follow_films
from synth.workshop.film_gans.film_gan import FilmGan
from synth.workshop.film_gans.registry import make_film_gan
from synth.workshop.film_gans.training import FilmGanPlan, Pace, fit_film_gan, make_fresh
from synth.workshop.films.film_set import Films

#: Steps that no limit of minutes lets happen.
ENDLESS = 10_000_000


@dataclass(frozen=True, eq=False)
class Made:
    """Films of one row, and facts: seconds a film, parameters, how far it learned. told: emotions
    that the films were asked for, where they were asked for any."""

    films: Films
    facts: dict[str, Any]
    told: Told | None = None


def make_real(settings: Settings, true: TrueFilms) -> Made:
    """True films, not those that all are compared with."""
    return Made(np.array(true.unseen.films), {}, true.unseen_told)


def make_frozen(settings: Settings, true: TrueFilms) -> Made:
    """The middle frame of those films, again and again."""
    real = make_real(settings, true)
    middle = real.films[:, real.films.shape[1] // 2, None]
    return Made(np.repeat(middle, settings.frames, 1), {}, real.told)


def make_learned(method: str) -> Callable[[Settings, TrueFilms], Made]:
    """Films of a method, after it has learned for the run's minutes."""

    def make(settings: Settings, true: TrueFilms) -> Made:
        gan, facts = train_method(method, settings, true)
        starts = np.array(true.unseen.films[:, 0]) if gan.needs_start else None
        begun_s = time.process_time()
        films = draw_films(gan, settings.films, settings.seed, starts)
        return Made(films, {**facts, **_count_time(begun_s, films)})

    return make


def make_mocogan(settings: Settings, true: TrueFilms) -> Made:
    """As `make_learned`, all categories in turn: the only method that can be asked for one.

    How strong the emotion shall be at which frame nobody can ask: the mean of the films that it
    learned from stands for that.
    """
    gan, facts = train_method("mocogan", settings, true)
    categories = np.arange(settings.films) % len(true.known.names)
    begun_s = time.process_time()
    films = draw_films_of(gan, categories, settings.seed)
    facts |= _count_time(begun_s, films)
    emotions = [Emotion.parse(true.known.names[k]) for k in categories]
    arcs = np.tile(true.known_arc, (len(films), 1))
    return Made(films, facts, tell_films(emotions, arcs))


def make_fed(settings: Settings, true: TrueFilms) -> Made:
    """Pix2pix fed with the true frames of films that it has not seen."""
    gan, facts = train_method("pix2pix", settings, true)
    begun_s = time.process_time()
    films = follow_films(gan, np.array(true.unseen.films), settings.seed)
    return Made(films, {**facts, **_count_time(begun_s, films)})


def make_ours(own_size: bool) -> Callable[[Settings, TrueFilms], Made]:
    """Films of the bundled generator along its directions, at the run's size or at its own."""

    def make(settings: Settings, true: TrueFilms) -> Made:
        count = settings.own_films if own_size else settings.films
        return Made(*draw_our_films(settings, count, None if own_size else settings.size_px))

    return make


#: Row -> what makes its films; the order of the table.
ROWS: dict[str, Callable[[Settings, TrueFilms], Made]] = {
    "real renders": make_real,
    "frozen frame": make_frozen,
    "conv3d": make_learned("conv3d"),
    "convlstm": make_learned("convlstm"),
    "pix2pix free running": make_learned("pix2pix"),
    "pix2pix fed true frames": make_fed,
    "dcgan and a walk": make_learned("dcgan"),
    "tgan": make_learned("tgan"),
    "mocogan": make_mocogan,
    "ours at the same size": make_ours(False),
    "ours at its own size": make_ours(True),
}


def train_method(method: str, settings: Settings, true: TrueFilms) -> tuple[FilmGan, dict]:
    """The network after its minutes; goes on where it was stopped."""
    gan = make_fresh(lambda: make_film_gan(method, settings.sizes), settings.seed)
    plan = FilmGanPlan(ENDLESS, settings.batch, settings.minutes, seed=settings.seed)
    pace = Pace(clock=time.process_time)
    folder = settings.folder / "methods" / method
    trainer = fit_film_gan(gan, true.known, plan, folder, pace=pace)
    counted = gan.count_parameters()
    facts = {
        "parameters": counted["generator"],
        "critic_parameters": counted["critics"],
        "steps": trainer.step,
        "learned_minutes": round(trainer.spent_s / 60, 2),
    }
    return gan.eval(), facts


def name_file(folder: Path, row: str, suffix: str) -> Path:
    """Where something of a row lies."""
    return folder / "rows" / f"{row.replace(' ', '_')}{suffix}"


def _count_time(begun_s: float, films: Films) -> dict[str, float]:
    return {"seconds_per_film": (time.process_time() - begun_s) / len(films)}
