"""Renders become a network that places 68 points: alignment without anybody's photographs.

    python -m scripts.train_points head_model=ict_facekit.npz renders=outputs/training/faces \\
        out=embed/faces/learned/weights/moodreel-points.safetensors

In: the head model, and renders that a generator learned from where there are some. Out: one
.safetensors, and in the run's folder the renders with their points, log.csv and state.pt. Can be
stopped at any time; the same command goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from embed.faces.learned.fit import HELD_OUT, PointPlan, fit_points
from embed.faces.learned.placer import KIND
from scripts.entry import Place, run_script
from scripts.reporting import follow_count, say
from synth.judging.storage import save_network
from synth.storage.assets import hash_file
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder


@dataclass(frozen=True)
class PointsJob:
    """The entries of configs/train_points.yaml.

    head_model: the npz of scripts.convert_head_model; count: faces that are rendered for this;
    seed: of those; renders: a folder of `scripts.train_generator step=render`, or none.
    """

    head_model: str
    count: int
    seed: int
    renders: str | None
    plan: PointPlan
    out: str


def train_points(job: PointsJob, place: Place) -> None:
    """Render, train and write the network to job.out."""
    out = Path(job.out)
    check_output_path(out, ".safetensors")
    with own_folder(place.folder) as folder:
        pictures, points = gather_faces(job, folder)
        say(f"{len(pictures)} faces, the last {HELD_OUT} held out")
        plan = replace(job.plan, faces=len(pictures))
        network, figures = fit_points(pictures, points, plan, folder / "run")
    card = describe(job, plan, figures)
    save_network(out, network, KIND, card)
    for entry, text in card.items():
        say(f"{entry}: {text}")
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def gather_faces(job: PointsJob, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and points: those of the generator's renders first, then those made for this."""
    from synth.workshop.training.dataset import open_dataset
    from synth.workshop.training.marked_faces import (
        load_marked_faces,
        mark_renders,
        render_marked_faces,
    )

    own = folder / "marked_faces"
    follow_count("faces rendered", render_marked_faces(own, job.head_model, job.count, job.seed))
    parts = [load_marked_faces(own, job.count)]
    if job.renders is not None:
        given, data = folder / "marked_renders", open_dataset(Path(job.renders))
        follow_count("renders marked", mark_renders(given, job.head_model, data))
        parts.insert(0, load_marked_faces(given))
    return (
        np.concatenate([part.pictures for part in parts]),
        np.concatenate([part.points for part in parts]),
    )


def describe(job: PointsJob, plan: PointPlan, figures: dict[str, float]) -> dict[str, str]:
    """The card: lineage, licence, plan, held-out figures."""
    head = hash_file(job.head_model)
    given = (
        f" and {plan.faces - job.count} renders of a generator's training" if job.renders else ""
    )
    return {
        "licence": "MIT",
        "data": (
            f"{job.count} renders of the ICT-FaceKit head model (MIT, sha256 {head}) by "
            f"synth/workshop/portraits, seed {job.seed}{given}; truth: the posed model's vertices; "
            "no photographs, no labels of people"
        ),
        "command": "python -m scripts.train_points (docs/photos.md)",
        "plan": ", ".join(f"{key} {value:g}" for key, value in asdict(plan).items()),
        "held_out": (
            f"the last {HELD_OUT} faces, changed as in training; corners of FFHQ's square in "
            "pixels of 1024, middles of eyes and mouth in half sides of the crop"
        ),
        **{name: f"{value:g}" for name, value in figures.items()},
    }


def main() -> None:
    """The command line."""
    run_script("train_points", PointsJob, train_points)


if __name__ == "__main__":
    main()
