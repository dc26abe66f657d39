"""Renders become a network that sees what is before a face, for the person in a clip.

    python -m scripts.train_covers head_model=ict_facekit.npz \\
        out=embed/films/covering/weights/moodreel-covers.safetensors

In: the head model. Out: one .safetensors, and in the run's folder the renders with their points,
log.csv and state.pt. Can be stopped at any time; the same command goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from embed.films.covering.finder import KIND
from embed.films.covering.fit import HELD_OUT, LOOKS, CoverPlan, fit_covers
from scripts.entry import Place, run_script
from scripts.reporting import follow_count, say
from synth.judging.storage import save_network
from synth.storage.assets import hash_file
from synth.storage.atomic import check_output_path
from synth.storage.locks import own_folder


@dataclass(frozen=True)
class CoversJob:
    """The entries of configs/train_covers.yaml.

    head_model: the npz of scripts.convert_head_model; count: pictures that are rendered for this;
    seed: of those.
    """

    head_model: str
    count: int
    seed: int
    plan: CoverPlan
    out: str


def train_covers(job: CoversJob, place: Place) -> None:
    """Render, train and write the network to job.out."""
    from synth.workshop.training.marked_faces import load_marked_faces, render_marked_faces

    out = Path(job.out)
    check_output_path(out, ".safetensors")
    with own_folder(place.folder) as folder:
        own = folder / "marked_faces"
        rendered = render_marked_faces(own, job.head_model, job.count, job.seed, LOOKS)
        follow_count("faces rendered", rendered)
        faces = load_marked_faces(own, job.count)
        say(f"{job.count} looks at {job.count // LOOKS} people, the last {HELD_OUT} held out")
        plan = replace(job.plan, faces=job.count)
        network, figures = fit_covers(faces.pictures, faces.points, plan, folder / "run")
    card = describe(job, plan, figures)
    save_network(out, network, KIND, card)
    for entry, text in card.items():
        say(f"{entry}: {text}")
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def describe(job: CoversJob, plan: CoverPlan, figures: dict[str, float]) -> dict[str, str]:
    """The card: lineage, licence, plan, held-out figures."""
    head = hash_file(job.head_model)
    return {
        "licence": "MIT",
        "data": (
            f"{job.count} renders of the ICT-FaceKit head model (MIT, sha256 {head}) by "
            f"synth/workshop/portraits, seed {job.seed}, {LOOKS} of each person, with drawn hands "
            "and other things before them; no photographs, no labels of people"
        ),
        "command": "python -m scripts.train_covers (docs/photos.md)",
        "plan": ", ".join(f"{key} {value:g}" for key, value in asdict(plan).items()),
        "held_out": f"the last {HELD_OUT} people, changed as in training; overlap: of areas",
        **{name: f"{value:g}" for name, value in figures.items()},
    }


def main() -> None:
    """The command line."""
    run_script("train_covers", CoversJob, train_covers)


if __name__ == "__main__":
    main()
