"""Make the bundled generator: render faces, train on them, fit the mapping, pack the file.

    python -m scripts.train_generator step=render head_model=ict_facekit.npz
    python -m scripts.train_generator step=map
    python -m scripts.train_generator step=train plan=cpu
    python -m scripts.train_generator step=keep out=start.safetensors
    python -m scripts.train_generator step=pack out=moodreel-people.safetensors
    python -m scripts.train_generator step=slice head_model=ict_facekit.npz minutes=25

All steps work in one folder, outputs/training unless `name` says another: its places are settings
of their own. Plans with a perceptual term need the perceptual network (`scripts.train_networks`)
before `train`. `render` and `train` can be stopped at any time; the same command goes on. `keep`
writes what has been learned so far into a small file, with which `train start=FILE` begins on
another machine. `slice` does all of it, some minutes at a time (`make gpu-training`). Needs the
extra `train`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.devices import choose_device
from synth.judging.perceptual import load_perceptual
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder
from synth.workshop.training.dataset import open_dataset, render_dataset
from synth.workshop.training.fit_mapping import fit_mapping, measure_fit, save_mapping
from synth.workshop.training.ledger import count_cores
from synth.workshop.training.mapping_parts import JointFit
from synth.workshop.training.pack import pack_generator
from synth.workshop.training.plans import PICTURES, PLANS
from synth.workshop.training.recipe import Machine, Recipe
from synth.workshop.training.slices import Slice, choose_plan_name, run_slice
from synth.workshop.training.starts import load_start, save_start
from synth.workshop.training.train import Trainer


@dataclass(frozen=True)
class GeneratorJob:
    """The entries of configs/train_generator.yaml, which says which step takes what."""

    step: Literal["render", "map", "train", "keep", "pack", "slice"]
    head_model: str | None
    data: str
    run: str
    mapping: str
    out: str
    pictures: dict[str, int] | None
    plan: Literal["cpu", "longer", "changed", "gpu", "smoke"] | None
    start: str | None
    minutes: float | None
    device: str
    workers: int | None
    steps: int
    seed: int


def render(job: GeneratorJob, place: Place) -> None:
    """Draw the pictures to learn from."""
    head_model, counts = need_head_model(job), read_counts(job.pictures)
    with own_folder(job.data) as folder:
        render_dataset(folder, head_model, counts, job.seed, make_machine(job).workers)


def train(job: GeneratorJob, place: Place) -> None:
    """Train synthesis on them."""
    machine = make_machine(job)
    recipe = Recipe(PLANS[job.plan or choose_plan_name(machine)], seed=job.seed)
    is_needed = any(stage.perceptual for stage in recipe.plan)
    distance = load_perceptual(device=machine.device).distance if is_needed else None
    # Each worker takes its part of a batch through the network on one thread.
    torch.set_num_threads(1)
    data = open_dataset(Path(job.data))
    say(f"{job.data}: {len(data.parameters)} pictures are finished; more join in as they are")
    with own_folder(job.run) as folder:
        reopen = partial(open_dataset, Path(job.data))
        trainer = Trainer(reopen, folder, recipe, machine, distance)
        if job.start is not None:
            trainer.start_from(*load_start(Path(job.start)))
        trainer.run(math.inf if job.minutes is None else job.minutes)


def train_slice(job: GeneratorJob, place: Place) -> None:
    """Render, fit, train and pack for some minutes; the same command goes on."""
    torch.set_num_threads(1)
    minutes = Slice.minutes if job.minutes is None else job.minutes
    with own_folder(place.folder) as folder:
        work = Slice(
            folder,
            need_head_model(job),
            minutes,
            make_machine(job),
            job.plan,
            job.seed,
            read_counts(job.pictures),
            JointFit(job.steps),
        )
        say(run_slice(work))


def map_latents(job: GeneratorJob, place: Place) -> None:
    """Fit the mapping network and tell how well."""
    torch.set_num_threads(1)
    network = fit_mapping(JointFit(job.steps), job.seed)
    fit = measure_fit(network)
    say(f"R2 on fresh z: {fit}")
    save_mapping(Path(job.mapping), network, fit)


def pack(job: GeneratorJob, place: Place) -> None:
    """Write the file that ships."""
    out = Path(job.out)
    check_output_path(out, ".safetensors")
    pack_generator(Path(job.run), Path(job.mapping), out, Path(job.data))
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def keep(job: GeneratorJob, place: Place) -> None:
    """Write what the training has learned so far, for `start` of another one."""
    out = Path(job.out)
    check_output_path(out, ".safetensors")
    save_start(Path(job.run), out)
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


STEPS: dict[str, Callable[[GeneratorJob, Place], None]] = {
    "render": render,
    "map": map_latents,
    "train": train,
    "keep": keep,
    "pack": pack,
    "slice": train_slice,
}


def take_step(job: GeneratorJob, place: Place) -> None:
    """Do the step that the job names."""
    STEPS[job.step](job, place)


def make_machine(job: GeneratorJob) -> Machine:
    """Where it computes: a GPU where there is one, and all cores, unless the job says otherwise."""
    return Machine(str(choose_device(job.device)), job.workers or count_cores())


def need_head_model(job: GeneratorJob) -> Path:
    """The head model's file. Raises ValueError where the job names none."""
    if job.head_model is None:
        raise ValueError(
            f"needs head_model for step={job.step}; got none; try head_model=ict_facekit.npz, "
            "which scripts.convert_head_model writes"
        )
    return Path(job.head_model)


def read_counts(pictures: dict[str, int] | None) -> dict[int, int]:
    """How many pictures of each size, {pixels: count}; None: the usual numbers.

    Raises ValueError for what are no numbers.
    """
    if pictures is None:
        return dict(PICTURES)
    if not isinstance(pictures, dict) or not all(
        size.isdecimal() and isinstance(count, int) for size, count in pictures.items()
    ):
        raise ValueError(f"needs pictures as {{size: count}}; got {pictures!r}; try {{128:4096}}")
    return {int(size): count for size, count in pictures.items()}


def main() -> None:
    """The command line."""
    run_script("train_generator", GeneratorJob, take_step)


if __name__ == "__main__":
    main()
