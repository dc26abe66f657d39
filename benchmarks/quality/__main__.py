"""Quality on held-out parameters: python -m benchmarks.quality --data faces [--out quality.json]

    python -m benchmarks.quality --only edits           # needs no data set

Prints a table per measure. `faces` is the data set that the generator was trained on; its first
pictures were not, and `seen` sets both beside each other. `edits` asks mini-XCEPTION, which is not
ours, beside the judge. With --head-model (the npz of `scripts.convert_head_model`) what can be
drawn again is measured on renders too. All of them at 1024x1024 take about half an hour on two
cores; --only picks some, --count and --samples make them shorter.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.quality.expressions import (
    find_scores,
    measure_edits,
    measure_hits,
    measure_identity,
)
from benchmarks.quality.latents import measure_droplets, measure_path_length
from benchmarks.quality.likeness import measure_frechet, measure_likeness
from benchmarks.quality.movement import measure_sticking
from benchmarks.quality.pictures import Figures, load_renderer
from benchmarks.quality.seen import measure_seen
from synth.generators import load_native
from synth.generators.acceleration import accelerate
from synth.generators.bundled import BUNDLED_WEIGHTS
from synth.judging.judge import BUNDLED_JUDGE, load_judge
from synth.judging.perceptual import BUNDLED_PERCEPTUAL, load_perceptual
from synth.learning.rendered_faces import HELD_OUT, load_dataset
from synth.storage.atomic import write_text_atomically

MEASURES = (
    "likeness", "seen", "frechet", "path", "droplets", "sticking", "hits", "edits", "identity",
)  # fmt: skip
#: Those that compare with renders, or begin at their parameters.
NEED_DATA = {"likeness", "seen", "frechet", "sticking", "hits"}


def list_measures(a: argparse.Namespace) -> dict[str, Callable[[], Figures]]:
    """What to call for each measure; networks are read when the first one needs them."""
    generator = load_native(a.generator).generator
    # As videos are rendered; what is differentiated or looked into stays in float32.
    fast = accelerate(generator)
    renderer = load_renderer(a.head_model)
    measures: dict[str, Callable[[], Figures]] = {
        "path": lambda: measure_path_length(
            generator, load_perceptual(a.perceptual).distance, a.samples // 2
        ),
        "droplets": lambda: measure_droplets(generator, a.count // 4),
        "edits": lambda: measure_edits(fast, find_scores(load_judge(a.judge)), a.count, a.psi),
        "identity": lambda: measure_identity(fast, a.count, a.psi, renderer),
    }
    if a.data is None:
        return measures
    data = load_dataset(a.data)
    parameters = data.parameters[: min(a.count, HELD_OUT)]
    return measures | {
        "likeness": lambda: measure_likeness(fast, data, load_perceptual(a.perceptual), a.count),
        "seen": lambda: measure_seen(fast, data, a.count),
        "frechet": lambda: measure_frechet(fast, data, load_perceptual(a.perceptual), a.samples),
        "sticking": lambda: measure_sticking(fast, parameters[: a.count // 4], renderer),
        "hits": lambda: measure_hits(fast, find_scores(load_judge(a.judge)), parameters, renderer),
    }


def print_table(name: str, figures: Figures, seconds: float) -> None:
    """One measure as a table."""
    print(f"\n| {name} ({seconds:.0f} s) | |\n|---|---|")
    for entry, value in figures.items():
        print(f"| {entry.replace('_', ' ')} | {value:.5g} |")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of renders")
    parser.add_argument("--head-model", type=Path, help="npz, to draw again")
    parser.add_argument("--generator", type=Path, default=BUNDLED_WEIGHTS)
    parser.add_argument("--perceptual", type=Path, default=BUNDLED_PERCEPTUAL)
    parser.add_argument("--judge", type=Path, default=BUNDLED_JUDGE)
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument("--count", type=int, default=100, help="faces")
    parser.add_argument("--samples", type=int, default=1000, help="for distances of sets and paths")
    parser.add_argument("--psi", type=float, default=0.7)
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    a = parser.parse_args()
    if a.data is None and NEED_DATA & set(a.only):
        parser.error(f"--data is needed for {', '.join(sorted(NEED_DATA & set(a.only)))}")
    measures, results = list_measures(a), {}
    for name in a.only:
        start = time.monotonic()
        results[name] = measures[name]()
        print_table(name, results[name], time.monotonic() - start)
        if a.out is not None:
            write_text_atomically(a.out, json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
