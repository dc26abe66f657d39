"""Train the small networks that ship with the bundled generator, on the pictures it learned from.

    python -m scripts.train_networks network=perceptual data=faces
    python -m scripts.train_networks network=judge data=faces name=judge_again seed=1

`data` is the folder of `scripts.train_generator step=render`, with pictures of 128 pixels (and 256,
where they are, for the perceptual network). Both can be stopped at any time; the same command goes
on. Without `out` they write the files that ship. Needs no extra.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.judging.judge import BUNDLED_JUDGE
from synth.judging.perceptual import BUNDLED_PERCEPTUAL
from synth.learning.fitting import FitPlan
from synth.learning.rendered_faces import load_dataset
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder
from synth.workshop.training import fit_judge, fit_perceptual


@dataclass(frozen=True)
class NetworkJob:
    """The entries of configs/train_networks.yaml; None: the usual value."""

    network: Literal["perceptual", "judge"]
    data: str
    out: str | None
    steps: int | None
    batch: int | None
    seed: int


def train_network(job: NetworkJob, place: Place) -> None:
    """Train one network, write it and print its card."""
    train, usual = (
        (train_judge, BUNDLED_JUDGE)
        if job.network == "judge"
        else (train_perceptual, BUNDLED_PERCEPTUAL)
    )
    out = usual if job.out is None else Path(job.out)
    check_output_path(out, ".safetensors")
    with own_folder(place.folder / job.network) as folder:
        for entry, text in train(job, folder, out).items():
            say(f"{entry}: {text}")


def train_perceptual(job: NetworkJob, folder: Path, out: Path) -> dict[str, str]:
    """Train the perceptual network and write it; -> its card."""
    data, plan = load_dataset(job.data), make_plan(job, fit_perceptual.PLAN)
    network = fit_perceptual.fit_perceptual(data, folder, plan)
    return fit_perceptual.save_perceptual(out, network, data, Path(job.data), plan)


def train_judge(job: NetworkJob, folder: Path, out: Path) -> dict[str, str]:
    """Train the judge and write it; -> its card."""
    data, plan = load_dataset(job.data), make_plan(job, fit_judge.PLAN)
    judge = fit_judge.fit_judge(data, folder, plan)
    return fit_judge.save_judge(out, judge, data, Path(job.data), plan)


def make_plan(job: NetworkJob, usual: FitPlan) -> FitPlan:
    """The usual plan with what the job says otherwise."""
    steps, batch = job.steps or usual.steps, job.batch or usual.batch
    return replace(usual, steps=steps, batch=batch, seed=job.seed)


def main() -> None:
    """The command line."""
    run_script("train_networks", NetworkJob, train_network)


if __name__ == "__main__":
    main()
