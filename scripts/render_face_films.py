"""Render short films of drawn people: calm, one emotion, calm again; with the truth beside them.

    python -m scripts.render_face_films head_model=ict_facekit.npz
    python -m scripts.render_face_films head_model=ict_facekit.npz frames=32 'sizes=[64,128]' \\
        name=face_films_32

Out: outputs/face_films with films, parameters, emotions and intensities (docs/film-data.md). A run
that was stopped goes on by the same command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.storage.locks import own_folder
from synth.workshop.films.face_films import FaceFilmPlan, render_face_films
from synth.workshop.training.ledger import count_cores


@dataclass(frozen=True)
class FaceFilmJob:
    """The entries of configs/render_face_films.yaml."""

    head_model: str
    films: int
    frames: int
    sizes: list[int]
    seed: int
    workers: int | None


def render(job: FaceFilmJob, place: Place) -> None:
    """Draw them."""
    plan = FaceFilmPlan(job.films, job.frames, tuple(job.sizes), job.seed)
    workers = job.workers or count_cores()
    with TerminalProgress() as progress, own_folder(place.folder) as folder:
        render_face_films(folder, Path(job.head_model), plan, workers, progress)
    say(f"{place.folder}: {plan.films} films of {plan.frames} frames")


def main() -> None:
    """The command line."""
    run_script("render_face_films", FaceFilmJob, render)


if __name__ == "__main__":
    main()
