"""What a run of the benchmark is: its data, how long each method learns, how many films count."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from benchmarks.film_gans.control import Told, tell_films
from synth.workshop.film_gans.film_gan import FilmSizes
from synth.workshop.films.face_films import load_face_films
from synth.workshop.films.film_set import FilmSet


@dataclass(frozen=True)
class Settings:
    """data: of scripts.render_face_films; folder: of the run. minutes: of one core, that each
    method learns, from `learn_films` films. films: made and measured of each; twice as many true
    ones are held out. own_films: of ours at its own size. width, batch: of the methods."""

    data: Path
    folder: Path
    minutes: float = 60.0
    films: int = 256
    learn_films: int = 1024
    own_films: int = 32
    size_px: int = 64
    frames: int = 16
    width: int = 16
    batch: int = 8
    seed: int = 0

    @property
    def sizes(self) -> FilmSizes:
        """Of the methods' networks."""
        return FilmSizes(self.size_px, self.frames, self.width)

    def describe(self) -> dict[str, Any]:
        """What figures depend on, without places."""
        places = ("data", "folder")
        return {key: value for key, value in asdict(self).items() if key not in places}


@dataclass(frozen=True, eq=False)
class TrueFilms:
    """Films that all are compared with; others, never learned from, that some go on from and that
    are the row of true films; and those to learn from. Nobody is in two of them.

    unseen_told: the emotions of the unseen ones; known_arc: how strong those to learn from show
    theirs, in the mean."""

    truth: FilmSet
    unseen: FilmSet
    known: FilmSet
    unseen_told: Told
    known_arc: Float[np.ndarray, " frame"]


def load_true_films(settings: Settings) -> TrueFilms:
    """Raises ValueError for fewer films than the settings need."""
    loaded = load_face_films(settings.data, settings.size_px)
    found = loaded.to_film_set()
    held_out = 2 * settings.films
    wanted = held_out + settings.learn_films
    if len(found) < wanted:
        raise ValueError(
            f"needs {held_out} films held out and {settings.learn_films} to learn from; "
            f"{settings.data} has {len(found)}; try fewer, or rendering more"
        )
    unseen = slice(settings.films, held_out)
    return TrueFilms(
        found.cut(0, settings.films),
        found.cut(unseen.start, unseen.stop),
        found.cut(held_out, wanted),
        tell_films(loaded.emotions[unseen], loaded.intensities[unseen]),
        loaded.intensities[held_out:wanted].mean(0),
    )
