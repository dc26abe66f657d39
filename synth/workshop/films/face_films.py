"""Short films of drawn people, calm to one emotion and back, made once and kept with their truth.

In: a head model and a plan. Out: a folder with `films_<size>.npy` uint8 [film, frame, size, size,
3], `parameters.npy` float32 [film, p] (the calm person), `emotions.npy` [film] (numbers of
`Emotion`) and `intensities.npy` float32 [film, frame]: all that is known of every frame. A run that
was stopped goes on where it was, block by block.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from synth.emotions import Emotion
from synth.generators.bundled_parameters import (
    EMOTIONS,
    Z_DIM,
    FaceParameters,
    map_latents_to_parameters,
    truncate_parameters,
)
from synth.plain_text import load_json
from synth.progress import Progress, Report, ignore_progress
from synth.storage.arrays import load_array
from synth.storage.atomic import write_atomically
from synth.storage.run_settings import keep_settings
from synth.workshop.films.arcs import LEAST_FRAMES, draw_arc
from synth.workshop.films.film_set import FilmSet
from synth.workshop.portraits.renderer import FaceRenderer

PLAN_FILE = "plan.json"
#: Films are made, and counted, in blocks of so many.
BLOCK = 8
#: People are drawn towards the mean by a random psi of at least this.
LEAST_PSI = 0.6


@runtime_checkable
class Artist(Protocol):
    """What draws a person, as `FaceRenderer` does."""

    def render(self, face: FaceParameters, size_px: int = 512) -> np.ndarray:
        """-> uint8 picture [size_px, size_px, 3]."""
        ...


@dataclass(frozen=True)
class FaceFilmPlan:
    """How many films of how many frames, in which sizes (pixels), and the seed of all chance.

    The largest size is rendered, the others are reduced from it. Raises ValueError for a plan
    that cannot be met.
    """

    films: int = 1536
    frames: int = 16
    sizes: tuple[int, ...] = (64,)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.films < 1 or self.films % BLOCK or not self.sizes or min(self.sizes) < 16:
            raise ValueError(
                f"needs films in multiples of {BLOCK} and sizes of 16 pixels or more; got "
                f"{self.films} and {list(self.sizes)}"
            )
        if self.frames < LEAST_FRAMES:
            raise ValueError(f"needs {LEAST_FRAMES} frames or more; got {self.frames}")


@dataclass(frozen=True, eq=False)
class FaceFilms:
    """What a folder holds of one size, as far as it is finished; see the module."""

    films: np.ndarray
    parameters: np.ndarray
    emotions: np.ndarray
    intensities: np.ndarray

    def to_film_set(self) -> FilmSet:
        """Films with their emotions as categories, anger the first; calm is none of them."""
        return FilmSet(self.films, self.emotions.astype(np.int64) - 1, EMOTIONS)


def render_face_films(
    folder: Path,
    head_model: Path,
    plan: FaceFilmPlan,
    workers: int = 1,
    report: Report = ignore_progress,
) -> None:
    """Make or finish the films in `folder`. Raises ValueError for a folder of another plan."""
    prepare_folder(folder, plan)
    count = plan.films // BLOCK
    todo = [block for block in range(count) if not _find_mark(folder, block).exists()]
    finish = partial(render_block, folder, head_model)
    report(Progress("film", (count - len(todo)) * BLOCK, plan.films))
    if workers == 1:
        for done, block in enumerate(todo, 1 + count - len(todo)):
            finish(block)
            report(Progress("film", done * BLOCK, plan.films))
        return
    with ProcessPoolExecutor(min(workers, len(todo) or 1)) as crew:
        for done, _ in enumerate(crew.map(finish, todo), 1 + count - len(todo)):
            report(Progress("film", done * BLOCK, plan.films))


def prepare_folder(folder: Path, plan: FaceFilmPlan) -> None:
    """Write the truth of all films and lay out empty files, or check that the plan is this one."""
    plan_file, described = folder / PLAN_FILE, {**asdict(plan), "sizes": sorted(plan.sizes)}
    if plan_file.exists():
        keep_settings(plan_file, described)
        return
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng([plan.seed, 15])
    z = random.normal(size=(plan.films, Z_DIM))
    psi = random.uniform(LEAST_PSI, 1, plan.films).astype(np.float32)
    people = truncate_parameters(map_latents_to_parameters(z), psi)
    calm = [FaceParameters.from_vector(row).with_emotion(None).to_vector() for row in people]
    emotions = [Emotion.parse(EMOTIONS[k % len(EMOTIONS)]) for k in range(plan.films)]
    arcs = [draw_arc(plan.frames, random) for _ in range(plan.films)]
    _save_array(folder / "parameters.npy", np.stack(calm))
    _save_array(folder / "emotions.npy", np.array(emotions, np.uint8))
    _save_array(folder / "intensities.npy", np.stack(arcs))
    for size in plan.sizes:
        shape = (plan.films, plan.frames, size, size, 3)
        np.lib.format.open_memmap(folder / f"films_{size}.npy", "w+", np.uint8, shape)
    # Last: a folder with a plan has all of its files.
    keep_settings(plan_file, described)


def render_block(folder: Path, head_model: Path, block: int) -> None:
    """Draw one block of films."""
    cv2.setNumThreads(1)
    renderer = load_renderer(head_model)
    sizes = sorted(load_json(folder / PLAN_FILE)["sizes"])
    parameters, emotions, intensities = (
        load_array(folder / f"{name}.npy") for name in ("parameters", "emotions", "intensities")
    )
    stored = [np.load(folder / f"films_{size}.npy", mmap_mode="r+") for size in sizes]
    for k in range(block * BLOCK, (block + 1) * BLOCK):
        person = FaceParameters.from_vector(parameters[k])
        film = draw_film(renderer, person, Emotion(int(emotions[k])), intensities[k], sizes[-1])
        for size, films in zip(sizes, stored, strict=True):
            films[k] = film if size == sizes[-1] else [_reduce(frame, size) for frame in film]
    for films in stored:
        films.flush()
    _find_mark(folder, block).touch()


def draw_film(
    renderer: Artist,
    person: FaceParameters,
    emotion: Emotion,
    intensities: Sequence[float] | np.ndarray,
    size_px: int,
) -> np.ndarray:
    """-> uint8 [frame, size, size, 3]; frames of one intensity are drawn once."""
    pictures: dict[float, np.ndarray] = {}
    for intensity in map(float, intensities):
        if intensity not in pictures:
            face = person.with_emotion(emotion.label if intensity else None, intensity)
            pictures[intensity] = renderer.render(face, size_px)
    return np.stack([pictures[float(intensity)] for intensity in intensities])


def load_face_films(folder: str | Path, size_px: int) -> FaceFilms:
    """Open a folder as far as it is finished: up to the first block that is missing.

    Raises FileNotFoundError where there is no such folder, ValueError where it has no films of
    that size yet.
    """
    folder = Path(folder)
    plan = load_json(folder / PLAN_FILE)
    if size_px not in plan["sizes"]:
        raise ValueError(f"needs films of {size_px} pixels; {folder} has {plan['sizes']}")
    finished = itertools.takewhile(lambda b: _find_mark(folder, b).exists(), itertools.count())
    count = BLOCK * sum(1 for _ in finished)
    if not count:
        raise ValueError(
            f"needs finished films; {folder} has none; try scripts.render_face_films, it goes on"
        )
    return FaceFilms(
        np.load(folder / f"films_{size_px}.npy", mmap_mode="r")[:count],
        load_array(folder / "parameters.npy")[:count],
        load_array(folder / "emotions.npy")[:count],
        load_array(folder / "intensities.npy")[:count],
    )


@cache
def load_renderer(head_model: Path) -> Artist:
    """The renderer of a head model's file, read once a process."""
    return FaceRenderer(head_model)


def _find_mark(folder: Path, block: int) -> Path:
    return folder / f"block_{block:05d}.done"


def _reduce(frame: np.ndarray, size_px: int) -> np.ndarray:
    return cv2.resize(frame, (size_px, size_px), interpolation=cv2.INTER_AREA)


def _save_array(path: Path, array: np.ndarray) -> None:
    with write_atomically(path) as temporary:
        np.save(temporary, array)
