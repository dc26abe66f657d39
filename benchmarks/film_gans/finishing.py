"""Rows that are finished one by one, in several processes, and what is published of them.

Here and not beside the command line, so that processes that are begun anew can find it.
"""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.film_gans.control import measure_control
from benchmarks.film_gans.measures import (
    Features,
    find_features,
    measure_distances,
    measure_faces,
)
from benchmarks.film_gans.rows import ROWS, name_file
from benchmarks.film_gans.settings import Settings, TrueFilms, load_true_films
from benchmarks.film_gans.sheet import SHOWN, save_film_sheet
from benchmarks.film_gans.table import SHEET_NAME, write_table
from embed.networks.identity import DlibFaceEncoder
from synth.judging.judge_scorer import JudgeScorer
from synth.judging.perceptual import PerceptualNetwork, load_perceptual
from synth.plain_text import load_json
from synth.storage.atomic import write_atomically, write_text_atomically

FIGURES = Path(__file__).with_name("figures.json")
DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, SHEET = DOCS / "comparison.md", DOCS / SHEET_NAME


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
    if made.told is not None:
        figures |= measure_control(films, made.told, JudgeScorer())
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
