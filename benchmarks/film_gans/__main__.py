"""Train every generator of films for the same time, and measure its films in one way.

    python -m benchmarks.film_gans --data outputs/face_films --minutes 60 --workers 2
    python -m benchmarks.film_gans --data outputs/face_films --only mocogan tgan
    python -m benchmarks.film_gans --data outputs/face_films --again "ours at the same size"

In: films of scripts.render_face_films. Out, for each row: its films and figures in the folder; then
figures.json beside this file, the table in docs/comparison.md and the sheet in
docs/comparison.jpg, from all rows that are finished. A run that was stopped goes on, within a
training too, by the same command; other settings need another folder. --again measures rows once
more, ours with other weights for example; trainings are kept. Minutes are of one core: two workers
on two cores train two methods at a time.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.film_gans.finishing import finish_rows, publish
from benchmarks.film_gans.rows import ROWS, name_file
from benchmarks.film_gans.settings import Settings
from synth.storage.locks import own_folder
from synth.storage.run_settings import keep_settings


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of rendered films")
    parser.add_argument("--folder", type=Path, default=Path("outputs/comparison"))
    parser.add_argument("--minutes", type=float, default=Settings.minutes, help="a method learns")
    parser.add_argument("--films", type=int, default=Settings.films, help="measured of each row")
    parser.add_argument("--learn-films", type=int, default=Settings.learn_films)
    parser.add_argument("--own-films", type=int, default=Settings.own_films)
    parser.add_argument("--width", type=int, default=Settings.width)
    parser.add_argument("--batch", type=int, default=Settings.batch)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--again", nargs="+", choices=ROWS, default=[], help="measure once more")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--no-page", action="store_true", help="only in the folder")
    a = parser.parse_args()
    settings = Settings(
        data=a.data,
        folder=a.folder,
        minutes=a.minutes,
        films=a.films,
        learn_films=a.learn_films,
        own_films=a.own_films,
        width=a.width,
        batch=a.batch,
        seed=a.seed,
    )
    with own_folder(settings.folder) as folder:
        keep_settings(folder / "settings.json", settings.describe())
        for row in a.again:
            name_file(folder, row, ".json").unlink(missing_ok=True)
        finish_rows(a.only, settings, a.workers)
        publish(settings, not a.no_page)


if __name__ == "__main__":
    main()
