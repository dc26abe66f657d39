"""Training of a generator of films: critics and generator in turn, for steps or for minutes.

In: a `FilmGan`, films, a plan. Out: the network trained in place, and a folder: state.pt, log.csv
and sheet.png, films made from one seed. All that is random in a step comes from the seed and the
step's number, so that a run that was stopped and went on ends with the same weights. A limit of
minutes counts over all runs in the folder; how many steps fit in depends on the machine.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from synth.learning.run_log import append_row
from synth.learning.run_state import STATE_FILE, load_state, save_state
from synth.plain_text import parse_json
from synth.progress import Progress, Report, ignore_progress
from synth.storage.atomic import write_atomically
from synth.storage.run_settings import check_same_settings
from synth.workshop.film_gans.drawing import draw_films, make_film_sheet, seeded, to_films
from synth.workshop.film_gans.film_gan import Drawn, FilmGan, RealFilms
from synth.workshop.films.film_set import FilmSet, pick_frames

SHEET, SHEET_FILMS = "sheet.png", 6


@dataclass(frozen=True)
class FilmGanPlan:
    """How long: `steps` of `batch` films, or `minutes` where they are over sooner (None: any).

    rate: of learning; None: the paper's. Raises ValueError for a plan that cannot be met.
    """

    steps: int = 20_000
    batch: int = 8
    minutes: float | None = None
    rate: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        limits = [self.minutes, self.rate]
        if self.steps < 1 or self.batch < 2 or any(x is not None and x <= 0 for x in limits):
            raise ValueError(
                "needs steps of 1 or more, a batch of 2 or more, minutes and rate above 0; got "
                f"{self.steps}, {self.batch}, {self.minutes} and {self.rate}"
            )


#: Names of plans: the width of the network, and how long. The GPU's is the paper's width.
PLANS: dict[str, tuple[int, FilmGanPlan]] = {
    "cpu": (16, FilmGanPlan()),
    "gpu": (64, FilmGanPlan(steps=100_000, batch=32)),
    "smoke": (4, FilmGanPlan(steps=2, batch=2)),
}


@dataclass(frozen=True)
class Pace:
    """When to save, and by which clock minutes are counted: any that gives seconds."""

    save_every_s: float = 120.0
    clock: Callable[[], float] = time.monotonic


class FilmGanTrainer:
    """A generator of films, its optimizers, and how far they are."""

    def __init__(self, gan: FilmGan, films: FilmSet, plan: FilmGanPlan) -> None:
        check_films(gan, films, plan)
        self.gan, self.films, self.plan = gan, films, plan
        self.optimizers = gan.make_optimizers(plan.rate)
        self.step, self.spent_s = 0, 0.0

    @property
    def is_finished(self) -> bool:
        """Whether steps or minutes are over."""
        minutes = self.plan.minutes
        return self.step >= self.plan.steps or (
            minutes is not None and self.spent_s >= 60 * minutes
        )

    def take_step(self) -> tuple[float, float]:
        """Critics, then the generator; -> their losses.

        Raises ValueError where they are no numbers any more.
        """
        gan = self.gan.train()
        with seeded(self.plan.seed, self.step, gan.device):
            real = self._read_films()
            drawn = gan.draw(real)
            still = Drawn(drawn.films.detach(), drawn.categories)
            told = gan.find_critic_loss(real, still)
            _descend(self.optimizers[1], told)
            wish = gan.find_generator_loss(real, drawn)
            _descend(self.optimizers[0], wish)
            gan.keep_bounds(self.step)
        self.step += 1
        losses = float(told.detach()), float(wish.detach())
        if not all(map(math.isfinite, losses)):
            raise ValueError(
                f"needs finite losses; got {losses} of {gan.method} in step {self.step}; try a "
                "lower rate"
            )
        return losses

    def _read_films(self) -> RealFilms:
        random = np.random.default_rng([self.plan.seed, self.step])
        rows = random.integers(len(self.films), size=self.plan.batch)
        found = self.films.films.shape[1]
        picked = [
            self.films.films[row][pick_frames(found, self.gan.sizes.frames, random)] for row in rows
        ]
        categories = torch.from_numpy(self.films.categories[rows])
        device = self.gan.device
        return RealFilms(to_films(np.stack(picked)).to(device), categories.to(device))

    def save_state(self, folder: Path) -> None:
        """Write where the run is, whole or not at all."""
        state = {
            "network": self.gan.state_dict(),
            "optimizers": [x.state_dict() for x in self.optimizers],
            "step": self.step,
            "spent_s": self.spent_s,
            "about": json.dumps(self._describe(), sort_keys=True),
        }
        save_state(folder / STATE_FILE, state)

    def load_state(self, folder: Path) -> None:
        """Take up a run where there is one. Raises ValueError for a run of another plan."""
        path = folder / STATE_FILE
        state = load_state(path, self.gan.device)
        if state is None:
            return
        kept = parse_json(state["about"], str(path))
        check_same_settings(kept, self._describe(), f"the run in {path} was begun with")
        self.gan.load_state_dict(state["network"])
        for optimizer, entries in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(entries)
        self.step, self.spent_s = int(state["step"]), float(state["spent_s"])

    def save_sheet(self, folder: Path) -> None:
        """Films of one seed, on a page."""
        starts = self.films.films[:SHEET_FILMS, 0] if self.gan.needs_start else None
        count = SHEET_FILMS if starts is None else len(starts)
        sheet = make_film_sheet(draw_films(self.gan, count, self.plan.seed, starts))
        with write_atomically(folder / SHEET) as temporary:
            cv2.imwrite(str(temporary), sheet[..., ::-1])

    def _describe(self) -> dict[str, Any]:
        free = ("steps", "minutes")
        plan = {key: value for key, value in asdict(self.plan).items() if key not in free}
        return {**plan, **self.gan.settings, "films": len(self.films)}


def fit_film_gan(
    gan: FilmGan,
    films: FilmSet,
    plan: FilmGanPlan,
    folder: Path,
    report: Report = ignore_progress,
    pace: Pace = Pace(),
) -> FilmGanTrainer:
    """Train to the end of the plan, or go on from the folder's state.

    Raises ValueError for films that do not fit, and for a folder with a run of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainer = FilmGanTrainer(gan, films, plan)
    trainer.load_state(folder)
    if trainer.is_finished:
        return trainer
    begun_s, before_s, saved_s = pace.clock(), trainer.spent_s, time.monotonic()
    losses = (math.nan, math.nan)
    while not trainer.is_finished:
        losses = trainer.take_step()
        trainer.spent_s = before_s + pace.clock() - begun_s
        report(Progress("learn", trainer.step, plan.steps))
        if time.monotonic() - saved_s > pace.save_every_s:
            _keep(trainer, folder, losses)
            saved_s = time.monotonic()
    _keep(trainer, folder, losses)
    return trainer


def make_fresh(make: Callable[[], FilmGan], seed: int) -> FilmGan:
    """A new network whose random weights come from the seed."""
    with seeded(seed, -1, torch.device("cpu")):
        return make()


def check_films(gan: FilmGan, films: FilmSet, plan: FilmGanPlan) -> None:
    """Raise ValueError where the films are of another size, too short, or of other kinds."""
    size, frames = gan.sizes.size_px, gan.sizes.frames
    if films.films.shape[2:] != (size, size, 3) or films.films.shape[1] < frames:
        raise ValueError(
            f"needs films of {frames} frames or more of {size}x{size}; got "
            f"{list(films.films.shape)}; try another size, or rendering others"
        )
    if not len(films) or len(films.names) > gan.sizes.categories:
        raise ValueError(
            f"needs films of at most {gan.sizes.categories} categories; got {len(films)} films of "
            f"{len(films.names)}"
        )


def _keep(trainer: FilmGanTrainer, folder: Path, losses: tuple[float, float]) -> None:
    trainer.save_state(folder)
    trainer.save_sheet(folder)
    figures = {"step": trainer.step, "spent_s": round(trainer.spent_s, 1)}
    told, wish = (round(loss, 4) for loss in losses)
    append_row(folder, {**figures, "critic_loss": told, "generator_loss": wish})


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
