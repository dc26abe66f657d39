"""What directions do, measured: python -m benchmarks.directions {edits,subjects,compare} ...

    python -m benchmarks.directions edits --head-model ict_facekit.npz --out edits.json
    python -m benchmarks.directions subjects --head-model ict_facekit.npz --to subjects
    python -m benchmarks.directions compare --directions protocol.safetensors

`edits` measures a set on faces of seeds that nobody fits or calibrates on; with --head-model the
limit of identity is measured on renders. `subjects` draws the pictures of the thesis's protocol,
which `scripts.invert` and `scripts.fit_directions labels=folder` make directions of (docs/
directions.md); `compare` sets those against the set that ships.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from benchmarks.directions.edits import compare_sets, measure_edits, measure_renders
from benchmarks.directions.subjects import make_person, render_subjects
from benchmarks.quality.pictures import Figures, load_renderer
from synth.generators import load_native
from synth.generators.acceleration import accelerate
from synth.generators.bundled import BUNDLED_WEIGHTS
from synth.judging.judge import BUNDLED_JUDGE, load_judge
from synth.motion.direction_sets import load_directions_for
from synth.storage.atomic import write_text_atomically


def run_edits(a: argparse.Namespace) -> Figures:
    """Edits of held-out faces by one set."""
    generator = load_native(a.generator).generator
    fitted = load_directions_for(generator, a.directions)
    limit, more = a.identity_limit, {}
    renderer = load_renderer(a.head_model)
    if renderer is not None:
        drawn = measure_renders(renderer, [make_person(number) for number in range(a.people)])
        limit, changes = drawn.identity_limit, drawn.colour_changes
        more = {f"{e.label}_colour_change_in_renders": change for e, change in changes.items()}
        more["colour_change_in_renders"] = float(np.mean([*changes.values()]))
    seeds = range(a.first_seed, a.first_seed + a.faces)
    judge = load_judge(a.judge)
    return measure_edits(accelerate(generator), fitted, judge, seeds, a.psi, limit) | more


def run_compare(a: argparse.Namespace) -> Figures:
    """A set against the one that ships: cosines, and the edits of both."""
    if a.directions is None:
        raise SystemExit("error: needs --directions, the set to compare with the one that ships")
    generator = load_native(a.generator).generator
    sets = {"given": load_directions_for(generator, a.directions)}
    sets["shipped"] = load_directions_for(generator, a.other)
    figures = compare_sets(*sets.values())
    fast, judge = accelerate(generator), load_judge(a.judge)
    seeds = range(a.first_seed, a.first_seed + a.faces)
    for name, fitted in sets.items():
        found = measure_edits(fast, fitted, judge, seeds, a.psi, a.identity_limit)
        figures |= {f"{name}_{entry}": value for entry, value in found.items()}
    return figures


def run_subjects(a: argparse.Namespace) -> Figures:
    """The pictures of the protocol."""
    renderer = load_renderer(a.head_model)
    if renderer is None or a.to is None:
        raise SystemExit("error: needs --head-model and --to, a folder for the pictures")
    table = render_subjects(renderer, a.to, a.subjects, a.size)
    print(f"{table}: pictures of {a.subjects} people")
    return {}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("edits", "subjects", "compare"))
    parser.add_argument("--generator", type=Path, default=BUNDLED_WEIGHTS)
    parser.add_argument("--directions", type=Path, help="a set; without it the one that ships")
    parser.add_argument("--other", type=Path, help="compare with this set instead")
    parser.add_argument("--judge", type=Path, default=BUNDLED_JUDGE)
    parser.add_argument("--faces", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--psi", type=float, default=0.7)
    parser.add_argument("--head-model", type=Path, help="npz, to draw people")
    parser.add_argument("--people", type=int, default=30, help="rendered, for the identity limit")
    parser.add_argument("--identity-limit", type=float, help="known from an earlier run")
    parser.add_argument("--subjects", type=int, default=30, help="of the thesis's protocol")
    parser.add_argument("--size", type=int, default=768, help="pixels of a rendered face")
    parser.add_argument("--to", type=Path, help="folder for the subjects' pictures")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    a = parser.parse_args()
    runs = {"edits": run_edits, "subjects": run_subjects, "compare": run_compare}
    figures = runs[a.what](a)
    for entry, value in figures.items():
        print(f"| {entry.replace('_', ' ')} | {value:.4g} |")
    if a.out is not None:
        write_text_atomically(a.out, json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
