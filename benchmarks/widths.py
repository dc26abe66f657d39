"""How wide the bundled generator should be for what a CPU can teach it, and from how many renders.

    python -m benchmarks.widths outputs/training/faces
    python -m benchmarks.widths outputs/training/faces --channels 64 128 256 --minutes 4 --size 16
    python -m benchmarks.widths outputs/training/faces --channels 128 --renders 2048 8192 --size 32

Networks of several widths learn renders from nothing, on one core, each for the same processor
time: the pictures that it sees in that time are counted beforehand, and the learning rate follows
its cosine over them. Told are the renders to learn from, the pictures seen (a render seen twice
counts twice), and PSNR and sharpness on held-out people.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from synth.generators.config import StyleGAN2Config
from synth.generators.memory import reuse_freed_memory
from synth.learning.rendered_faces import HELD_OUT, FaceDataset
from synth.workshop.training.dataset import open_dataset
from synth.workshop.training.plans import FULL_CONFIG, Stage, cut_config
from synth.workshop.training.recipe import Machine, Recipe
from synth.workshop.training.train import Trainer

TRIED_STEPS = (8, 72)
BATCH = 16
Opening = Callable[[], FaceDataset]


def open_some(folder: Path, count: int | None) -> FaceDataset:
    """The held-out renders of a folder and the first `count` others; None: all of them."""
    data = open_dataset(folder)
    count = None if count is None else HELD_OUT + count
    pictures = {size: array[:count] for size, array in data.pictures.items()}
    return FaceDataset(data.z[:count], data.parameters[:count], pictures)


def learn(data: Opening, folder: Path, stage: Stage, config: StyleGAN2Config) -> float:
    """A run of one stage on one core; processor seconds that it took."""
    run = Trainer(data, folder, Recipe((stage,), config), Machine())
    before_s = time.process_time()
    run.run()
    return time.process_time() - before_s


def count_pictures(data: Opening, stage: Stage, config: StyleGAN2Config, seconds: float) -> int:
    """How many pictures the network learns from in some processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            learn(data, Path(folder) / str(steps), replace(stage, pictures=BATCH * steps), config)
            for steps in (1, *TRIED_STEPS)  # what is done once is done in the first
        ]
    each_s = (runs[2] - runs[1]) / (BATCH * (TRIED_STEPS[1] - TRIED_STEPS[0]))
    return max(BATCH, round(seconds / each_s) // BATCH * BATCH)


def main() -> None:
    """A row for each width."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of renders")
    parser.add_argument("--channels", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.015, 0.04])
    parser.add_argument("--renders", type=int, nargs="+", help="to learn from; left out: all")
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=2.5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    reuse_freed_memory()
    print("| channels | learning rate | renders | pictures | core s | held-out PSNR | sharpness |")
    print("|---|---|---|---|---|---|---|")
    trials = itertools.product(options.channels, options.rates, options.renders or [None])
    for channels, rate, renders in trials:
        full = cut_config(FULL_CONFIG, options.size)
        config = replace(full, channels=(channels,) * len(full.resolutions))
        stage = Stage(options.size, BATCH, BATCH, rate)
        data = partial(open_some, options.data, renders)
        count = count_pictures(data, stage, config, 60 * options.minutes)
        with tempfile.TemporaryDirectory() as folder:
            stage = replace(stage, pictures=count)
            spent_s = learn(data, Path(folder), stage, config)
            row = list(csv.DictReader((Path(folder) / "log.csv").open()))[-1]
        print(
            f"| {channels} | {rate} | {len(data().z) - HELD_OUT} | {count} | {spent_s:.0f} | "
            f"{row['psnr_db']} dB | {row['sharpness']} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
