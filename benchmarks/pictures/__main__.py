"""Videos out of a few pictures: the experiment with floating digits, trained and measured.

    python -m benchmarks.pictures
    python -m benchmarks.pictures --folder outputs/ten --digits 0123456789 --steps 10000

In: nothing; what is missing in the folder is trained first, on one core, and a run that was stopped
goes on. Out: generator with critic, P-Net, three pictures and a strip in the folder, and tables on
stdout.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.pictures.comparison import Comparison, Networks, Row
from benchmarks.pictures.floating_digits import DIGITS, Glyphs, make_clip
from benchmarks.pictures.joint_training import JointPlan
from benchmarks.pictures.strip import save_strip
from benchmarks.pictures.training import GENERATOR, PNET, Experiment, prepare
from embed.projection.pnet import load_pnet
from synth.generators import load_discriminator, load_generator
from synth.generators.capabilities import need_differentiable
from synth.progress import Progress

STRIP = "strip.png"
#: Of the clips that measure; those that are shown have smaller ones.
FIRST_SEED = 1000


def print_table(title: str, rows: list[Row]) -> None:
    """Markdown."""
    timed = any(row.seconds is not None for row in rows)
    print(f"\n| {title} | error | digits read right |" + (" s a picture |" if timed else ""))
    print("|---|---|---|" + ("---|" if timed else ""))
    for row in rows:
        line = f"| {row.name} | {row.error:.4f} | {100 * row.right:.0f} % |"
        print(line + (f" {row.seconds:.2f} |" if row.seconds is not None else ""), flush=True)


def tell(progress: Progress) -> None:
    """Every 500th step."""
    if progress.done % 500 == 0:
        print(progress, flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("outputs/digits"))
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--digits", default="".join(map(str, DIGITS)), help="0123456789: all")
    parser.add_argument("--hands", type=int, default=Experiment.hands, help="of each digit")
    parser.add_argument("--steps", type=int, default=JointPlan.steps, help="of training")
    parser.add_argument("--train-only", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    digits = tuple(int(digit) for digit in options.digits if digit.isdecimal())
    experiment = replace(Experiment(), digits=digits, hands=options.hands)
    experiment = replace(experiment, joint=replace(experiment.joint, steps=options.steps))
    prepare(folder, experiment, tell)
    if options.train_only:
        return
    generator = need_differentiable(load_generator(folder / GENERATOR), "to be searched")
    glyphs = Glyphs.typical(options.hands, digits)
    networks = Networks(
        generator,
        load_discriminator(folder / GENERATOR),
        load_pnet(folder / PNET, generator),
    )
    shown = make_clip(glyphs, experiment.shown_clip)
    save_strip(folder / STRIP, Comparison(networks, [shown]))
    clips = [make_clip(glyphs, FIRST_SEED + k) for k in range(options.clips)]
    comparison = Comparison(networks, clips)
    print_table(f"latents of 3 pictures of {options.clips} clips", comparison.compare_ways())
    for title, compute in comparison.list_tables().items():
        print_table(title, compute())


if __name__ == "__main__":
    main()
