"""Train a generator of films: conv3d, convlstm, pix2pix, dcgan, tgan or mocogan.

    python -m scripts.train_film_gan method=mocogan data=outputs/face_films
    python -m scripts.train_film_gan method=tgan data=outputs/face_films plan=gpu
    python -m scripts.train_film_gan method=conv3d data=UCF-101 layout=ucf101 minutes=60

In: films of scripts.render_face_films, or a folder of clips (docs/film-data.md). Out: in
outputs/film_gans/METHOD the state, log.csv, sheet.png and, at the end, the network with its critics
as METHOD.safetensors. A run that was stopped goes on by the same command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.devices import choose_device
from synth.storage.locks import own_folder
from synth.workshop.film_gans.film_gan import FilmSizes
from synth.workshop.film_gans.registry import make_film_gan, save_film_gan
from synth.workshop.film_gans.training import PLANS, FilmGanPlan, fit_film_gan, make_fresh
from synth.workshop.films.clip_folders import load_clips
from synth.workshop.films.face_films import load_face_films
from synth.workshop.films.film_set import FilmSet


@dataclass(frozen=True)
class FilmGanJob:
    """The entries of configs/train_film_gan.yaml."""

    method: Literal["conv3d", "convlstm", "pix2pix", "dcgan", "tgan", "mocogan"]
    data: str
    layout: Literal["faces", "ucf101", "weizmann", "mug"]
    size_px: int
    frames: int
    plan: Literal["cpu", "gpu", "smoke"]
    width: int | None
    steps: int | None
    batch: int | None
    minutes: float | None
    rate: float | None
    seed: int
    device: str


def load_films(job: FilmGanJob) -> FilmSet:
    """The films that the job names."""
    if job.layout == "faces":
        return load_face_films(job.data, job.size_px).to_film_set()
    return load_clips(Path(job.data), job.layout, job.size_px, job.frames)


def choose_plan(job: FilmGanJob) -> tuple[int, FilmGanPlan]:
    """Width and plan, with what the job says otherwise."""
    width, plan = PLANS[job.plan]
    plan = replace(plan, minutes=job.minutes, rate=job.rate, seed=job.seed)
    steps, batch = job.steps or plan.steps, job.batch or plan.batch
    return job.width or width, replace(plan, steps=steps, batch=batch)


def train(job: FilmGanJob, place: Place) -> None:
    """Read, train, save."""
    films, (width, plan) = load_films(job), choose_plan(job)
    sizes = FilmSizes(job.size_px, job.frames, width, len(films.names))
    gan = make_fresh(lambda: make_film_gan(job.method, sizes), plan.seed)
    gan.to(choose_device(job.device))
    with TerminalProgress() as progress, own_folder(place.folder / job.method) as folder:
        trainer = fit_film_gan(gan, films, plan, folder, progress)
        card = {
            "data": f"{len(films)} films of {job.layout}",
            "command": f"python -m scripts.train_film_gan method={job.method}",
            "seed": str(plan.seed),
            "steps": f"{trainer.step} of {plan.batch} films, {trainer.spent_s / 60:.1f} minutes",
        }
        out = folder / f"{job.method}.safetensors"
        save_film_gan(out, gan.eval(), card)
    say(f"{out}: {job.method} of width {width} after {card['steps']}")


def main() -> None:
    """The command line."""
    run_script("train_film_gan", FilmGanJob, train)


if __name__ == "__main__":
    main()
