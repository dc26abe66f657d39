"""Make the bundled generator: render faces, train on them, fit the mapping, pack the file.

    python -m scripts.train_generator render --head-model ict_facekit.npz --data faces
    python -m scripts.train_generator train --data faces --run run --plan cpu
    python -m scripts.train_generator map --out mapping.safetensors
    python -m scripts.train_generator pack --run run --data faces --mapping mapping.safetensors \\
        --out synth/generators/weights/moodreel-faces.safetensors

Plans with a perceptual term need the perceptual network (`scripts.train_networks`) before `train`.
`render` and `train` can be stopped at any time; the same command goes on. `slice` does all of it,
some minutes at a time, in one folder (`make gpu-training`). Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path

import torch

from scripts.reporting import reporting_errors, say
from synth.generators import load_native
from synth.judging.perceptual import load_perceptual
from synth.workshop.training.dataset import open_dataset, render_dataset
from synth.workshop.training.fit_mapping import fit_mapping, measure_fit, save_mapping
from synth.workshop.training.ledger import count_cores
from synth.workshop.training.mapping_parts import JointFit
from synth.workshop.training.pack import pack_generator
from synth.workshop.training.plans import PICTURES, PLANS
from synth.workshop.training.recipe import Machine, Recipe
from synth.workshop.training.slices import Slice, run_slice
from synth.workshop.training.train import Trainer


def render(a: argparse.Namespace) -> None:
    """Draw the pictures to learn from."""
    render_dataset(a.data, a.head_model, dict(a.pictures), a.seed, a.workers)


def train(a: argparse.Namespace) -> None:
    """Train synthesis on them."""
    device = choose_device(a.device)
    recipe = Recipe(PLANS[a.plan], seed=a.seed)
    is_needed = any(stage.perceptual for stage in recipe.plan)
    distance = load_perceptual(device=device).distance if is_needed else None
    workers = a.workers or count_cores()
    # Each worker takes its part of a batch through the network on one thread.
    torch.set_num_threads(1)
    machine = Machine(device, workers)
    data = open_dataset(a.data)
    say(f"{a.data}: {len(data.parameters)} pictures are finished; more join in as they are")
    trainer = Trainer(partial(open_dataset, a.data), a.run, recipe, machine, distance)
    if a.start is not None:
        started = load_native(a.start)
        trainer.start_from(started.generator.synthesis, started.card)
    trainer.run(a.minutes)


def train_slice(a: argparse.Namespace) -> None:
    """Render, fit, train and pack for some minutes; the same command goes on."""
    torch.set_num_threads(1)
    machine = Machine(choose_device(a.device), a.workers or count_cores())
    say(run_slice(Slice(a.folder, a.head_model, a.minutes, machine, a.plan, a.seed)))


def choose_device(name: str) -> str:
    """'auto' -> 'cuda' where there is a GPU, else 'cpu'."""
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def map_latents(a: argparse.Namespace) -> None:
    """Fit the mapping network and tell how well."""
    torch.set_num_threads(1)
    network = fit_mapping(JointFit(a.steps), a.seed)
    fit = measure_fit(network)
    say(f"R2 on fresh z: {fit}")
    save_mapping(a.out, network, fit)


def pack(a: argparse.Namespace) -> None:
    """Write the file that ships."""
    pack_generator(a.run, a.mapping, a.out, a.data)


def parse_count(text: str) -> tuple[int, int]:
    """SIZE:COUNT -> (size, count)."""
    size, count = text.split(":")
    return int(size), int(count)


def main() -> None:
    """Read the command line and do one step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    steps = parser.add_subparsers(required=True, metavar="{render,train,map,pack,slice}")
    step = steps.add_parser("render", help="draw the pictures to learn from")
    step.set_defaults(job=render)
    step.add_argument("--head-model", type=Path, required=True, help="npz of convert_head_model")
    step.add_argument("--data", type=Path, required=True, help="folder of the pictures")
    step.add_argument(
        "--pictures",
        type=parse_count,
        nargs="+",
        default=list(PICTURES.items()),
        metavar="SIZE:COUNT",
        help="how many of each size",
    )
    step.add_argument("--workers", type=int, default=2)
    step.add_argument("--seed", type=int, default=0)
    step = steps.add_parser("train", help="train synthesis on them")
    step.set_defaults(job=train)
    step.add_argument("--data", type=Path, required=True, help="folder of the pictures")
    step.add_argument("--run", type=Path, required=True, help="folder of this run")
    step.add_argument("--plan", choices=sorted(PLANS), default="cpu")
    step.add_argument("--device", default="auto", help="auto takes a GPU where there is one")
    step.add_argument("--workers", type=int, help="cores to train on; all if absent")
    step.add_argument("--minutes", type=float, default=math.inf, help="stop after so many")
    step.add_argument("--start", type=Path, help="a trained generator to begin with")
    step.add_argument("--seed", type=int, default=0)
    step = steps.add_parser("slice", help="all of it, some minutes at a time")
    step.set_defaults(job=train_slice)
    step.add_argument("--folder", type=Path, required=True, help="where everything is kept")
    step.add_argument("--head-model", type=Path, required=True, help="npz of convert_head_model")
    step.add_argument("--minutes", type=float, default=25)
    step.add_argument(
        "--plan", choices=sorted(PLANS), help="of the first slice; by device if absent"
    )
    step.add_argument("--device", default="auto", help="auto takes a GPU where there is one")
    step.add_argument("--workers", type=int, help="cores; all if absent")
    step.add_argument("--seed", type=int, default=0)
    step = steps.add_parser("map", help="fit the mapping network")
    step.set_defaults(job=map_latents)
    step.add_argument("--out", type=Path, required=True)
    step.add_argument("--steps", type=int, default=JointFit.steps)
    step.add_argument("--seed", type=int, default=0)
    step = steps.add_parser("pack", help="write the file that ships")
    step.set_defaults(job=pack)
    step.add_argument("--run", type=Path, required=True)
    step.add_argument("--data", type=Path, required=True)
    step.add_argument("--mapping", type=Path, required=True)
    step.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with reporting_errors():
        arguments.job(arguments)


if __name__ == "__main__":
    main()
