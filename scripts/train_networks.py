"""Train the small networks that ship with the bundled generator, on the pictures it learned from.

    python -m scripts.train_networks perceptual --data faces --run run_perceptual
    python -m scripts.train_networks judge --data faces --run run_judge

`faces` is the folder of `scripts.train_generator render`, with pictures of 128 pixels (and 256,
where they are, for the perceptual network). Both can be stopped at any time; the same command goes
on. Without --out they write the files that ship. Needs no extra.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from scripts.reporting import reporting_errors, say
from synth.judging.judge import BUNDLED_JUDGE
from synth.judging.perceptual import BUNDLED_PERCEPTUAL
from synth.learning.fitting import FitPlan
from synth.learning.rendered_faces import load_dataset
from synth.workshop.training import fit_judge, fit_perceptual


def make_plan(a: argparse.Namespace, usual: FitPlan) -> FitPlan:
    """The usual plan with what the command line says otherwise."""
    return replace(usual, steps=a.steps or usual.steps, batch=a.batch or usual.batch, seed=a.seed)


def train_perceptual(a: argparse.Namespace) -> dict[str, str]:
    """Train the perceptual network and write it."""
    data, plan = load_dataset(a.data), make_plan(a, fit_perceptual.PLAN)
    network = fit_perceptual.fit_perceptual(data, a.run, plan)
    return fit_perceptual.save_perceptual(a.out or BUNDLED_PERCEPTUAL, network, data, a.data, plan)


def train_judge(a: argparse.Namespace) -> dict[str, str]:
    """Train the judge and write it."""
    data, plan = load_dataset(a.data), make_plan(a, fit_judge.PLAN)
    judge = fit_judge.fit_judge(data, a.run, plan)
    return fit_judge.save_judge(a.out or BUNDLED_JUDGE, judge, data, a.data, plan)


def main() -> None:
    """Read the command line, train one network and print its card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    networks = parser.add_subparsers(required=True, metavar="{perceptual,judge}")
    for name, job in (("perceptual", train_perceptual), ("judge", train_judge)):
        network = networks.add_parser(name, help=f"train the {name} network")
        network.set_defaults(job=job)
        network.add_argument("--data", type=Path, required=True, help="folder of the pictures")
        network.add_argument("--run", type=Path, required=True, help="folder of this run")
        network.add_argument("--out", type=Path, help="file to write, the one that ships if absent")
        network.add_argument("--steps", type=int, help="other than the usual number")
        network.add_argument("--batch", type=int, help="other than the usual number")
        network.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with reporting_errors():
        for entry, text in arguments.job(arguments).items():
            say(f"{entry}: {text}")


if __name__ == "__main__":
    main()
