"""The whole way to a new generator in slices of some minutes, on whatever machine there is.

Everything lies in one folder: `faces` (renders), `mapping.safetensors`, `run` (the training's
state), `plan.json` (which plan the first slice chose) and, at the end, the file to ship,
`moodreel-people.safetensors`. Every slice goes on where the last one stopped: it renders what is
missing on all cores, fits the mapping, trains, and packs. With a GPU, training begins while cores
still render; on a CPU it waits, since both would share it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from synth.generators.bundled import BUNDLED_NAME
from synth.learning.rendered_faces import BLOCK, HELD_OUT
from synth.plain_text import load_json
from synth.storage.run_settings import replace_settings
from synth.workshop.training.dataset import RenderCrew, open_dataset
from synth.workshop.training.fit_mapping import fit_mapping, measure_fit, save_mapping
from synth.workshop.training.mapping_parts import JointFit
from synth.workshop.training.pack import pack_generator
from synth.workshop.training.plans import PICTURES, PLANS, Stage
from synth.workshop.training.recipe import Machine, Recipe
from synth.workshop.training.train import Trainer

#: Training beside rendering begins with this many pictures.
ENOUGH = HELD_OUT + 16 * BLOCK
#: Time left at a slice's end for saving, reporting and packing.
SPARE_S = 60


@dataclass(frozen=True)
class Slice:
    """What one slice works with: the folder, the head model's file, its time and machine.

    plan: a name of `PLANS`, for the first slice; None chooses by the machine.
    """

    folder: Path
    head_model: Path
    minutes: float = 25
    machine: Machine = field(default_factory=Machine)
    plan: str | None = None
    seed: int = 0
    pictures: dict[int, int] = field(default_factory=lambda: dict(PICTURES))
    mapping: JointFit = field(default_factory=JointFit)

    @property
    def faces(self) -> Path:
        """Folder of renders."""
        return self.folder / "faces"

    @property
    def out(self) -> Path:
        """The file to ship."""
        return self.folder / f"{BUNDLED_NAME}.safetensors"


def run_slice(job: Slice) -> str:
    """Work for at most about `job.minutes`; -> one line on what is done and what is left.

    Raises ValueError for a plan other than the folder's.
    """
    until_s = time.monotonic() + 60 * job.minutes - SPARE_S
    stages = choose_plan(job)
    has_gpu = job.machine.device != "cpu"
    with RenderCrew(job.faces, job.head_model, job.pictures, job.seed, job.machine.workers) as crew:
        _fit_mapping_once(job)
        if has_gpu:
            _wait_for_pictures(job.faces, ENOUGH, until_s)
        elif not crew.wait(max(0.0, until_s - time.monotonic())):
            return f"{job.folder}: {count_blocks(job.faces) * BLOCK} pictures; run it again"
        recipe = Recipe(stages, seed=job.seed)
        trainer = Trainer(partial(open_dataset, job.faces), job.folder / "run", recipe, job.machine)
        trainer.run(max(0.0, until_s - time.monotonic()) / 60)
    if not trainer.is_finished:
        return f"{job.folder}: stage {trainer.stage.name}, {trainer.seen} pictures; run it again"
    pack_generator(trainer.folder, job.folder / "mapping.safetensors", job.out, job.faces)
    return f"{job.out}: finished"


def choose_plan(job: Slice) -> tuple[Stage, ...]:
    """The plan that the folder's first slice chose, or the choice for this one."""
    file = job.folder / "plan.json"
    if file.exists():
        found = load_json(file)["plan"]
        if job.plan not in (None, found):
            raise ValueError(f"needs plan {found!r}, as {file} says; got {job.plan!r}")
        return PLANS[found]
    name = job.plan or choose_plan_name(job.machine)
    replace_settings(file, {"plan": name})
    return PLANS[name]


def choose_plan_name(machine: Machine) -> str:
    """The plan for a machine where none is asked for."""
    return "cpu" if machine.device == "cpu" else "gpu"


def count_blocks(faces: Path) -> int:
    """Finished blocks of renders, in any order."""
    return sum(1 for _ in faces.glob("block_*.done"))


def _wait_for_pictures(faces: Path, count: int, until_s: float) -> None:
    while count_blocks(faces) * BLOCK < count and time.monotonic() < until_s:
        time.sleep(1)


def _fit_mapping_once(job: Slice) -> None:
    out = job.folder / "mapping.safetensors"
    if not out.exists():
        network = fit_mapping(job.mapping, job.seed)
        save_mapping(out, network, measure_fit(network))
