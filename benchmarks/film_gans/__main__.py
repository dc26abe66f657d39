"""Train every generator of films for the same time, and measure its films in one way.

    python -m benchmarks.film_gans --data outputs/face_films --minutes 60 --workers 2
    python -m benchmarks.film_gans --data outputs/face_films --only mocogan tgan
    python -m benchmarks.film_gans --data outputs/face_films --again "ours at the same size"

In: films of scripts.render_face_films. Out, for each row: its films and figures in the folder; then
figures.json beside this file, the table in docs/comparison.md and the sheet in
docs/comparison.png, from all rows that are finished. A run that was stopped goes on, within a
training too, by the same command; other settings need another folder. --again measures rows once
more, ours with other weights for example; trainings are kept. Minutes are of one core: two workers
on two cores train two methods at a time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.film_gans.measures import (
    Features,
    find_features,
    measure_distances,
    measure_faces,
)
from benchmarks.film_gans.rows import ROWS, name_file
from benchmarks.film_gans.settings import Settings, TrueFilms, load_true_films
from benchmarks.film_gans.sheet import SHOWN, save_film_sheet
from benchmarks.film_gans.table import write_table
from embed.networks.identity import DlibFaceEncoder
from synth.judging.perceptual import PerceptualNetwork, load_perceptual
from synth.plain_text import load_json
from synth.storage.atomic import write_atomically, write_text_atomically
from synth.storage.locks import own_folder
from synth.storage.run_settings import keep_settings

FIGURES = Path(__file__).with_name("figures.json")
DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, SHEET = DOCS / "comparison.md", DOCS / "comparison.png"


def finish_row(row: str, settings: Settings) -> dict[str, Any]:
    """Train, draw and measure one row; what is there of it already is kept."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    file = name_file(settings.folder, row, ".json")
    if file.is_file():
        return load_json(file)
    true = load_true_films(settings)
    made = ROWS[row](settings, true)
    films, size = made.films, made.films.shape[2]
    with write_atomically(name_file(settings.folder, row, ".npy")) as temporary:
        np.save(temporary, films[:SHOWN])
    figures: dict[str, Any] = {"films": len(films), "size_px": size, **made.facts}
    figures |= measure_faces(films, DlibFaceEncoder())
    if size == settings.size_px and len(films) == settings.films:
        truth, network = load_truth(settings, true)
        figures |= measure_distances(films, truth, network)
    write_text_atomically(file, json.dumps(figures, indent=1) + "\n")
    return figures


@cache
def load_network() -> PerceptualNetwork:
    """The perceptual network, read once a process."""
    return load_perceptual()


def load_truth(settings: Settings, true: TrueFilms) -> tuple[Features, PerceptualNetwork]:
    """Features of the films that all are compared with."""
    network = load_network()
    return find_features(np.array(true.truth.films), network), network


def finish_rows(rows: list[str], settings: Settings, workers: int) -> None:
    """All rows, several at a time; a row that others need the training of comes after them."""
    if workers == 1:
        for row in rows:
            print(row, finish_row(row, settings), flush=True)
        return
    # Not forked: threads of the parent would be copied half.
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=start) as crew:
        later = [row for row in rows if row == "pix2pix fed true frames"]
        for part in ([row for row in rows if row not in later], later):
            jobs = {crew.submit(finish_row, row, settings): row for row in part}
            for job in as_completed(jobs):
                print(jobs[job], job.result(), flush=True)


def publish(settings: Settings, to_docs: bool) -> None:
    """Figures and sheet of the rows that are finished, in the folder; in the repository too."""
    found = {
        row: load_json(file)
        for row in ROWS
        if (file := name_file(settings.folder, row, ".json")).is_file()
    }
    films = {row: np.load(name_file(settings.folder, row, ".npy")) for row in found}
    figures = {"settings": settings.describe(), "rows": found}
    text = json.dumps(figures, indent=1) + "\n"
    write_text_atomically(settings.folder / FIGURES.name, text)
    save_film_sheet(settings.folder / SHEET.name, films)
    if to_docs:
        write_text_atomically(FIGURES, text)
        write_table(PAGE, figures)
        save_film_sheet(SHEET, films)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of rendered films")
    parser.add_argument("--folder", type=Path, default=Path("outputs/film_gans"))
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
