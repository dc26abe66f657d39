"""The renderer's head becomes a small file that tells, of any W+, where the face lies.

    python -m scripts.fit_head head_model=ict_facekit.npz

In: the head model, and the parameters of the bundled generator. Out: one .safetensors
(`synth.generators.bundled_head`), by which the pixels of photos are moved. Takes minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.generators.bundled_head import save_head
from synth.storage.assets import hash_file
from synth.storage.atomic import check_output_path


@dataclass(frozen=True)
class HeadJob:
    """The entries of configs/fit_head.yaml.

    head_model: the npz of scripts.convert_head_model. points: about how many the head gets; faces:
    how many it is fitted to; style: of the renderer's proportions, 0 to 1.
    """

    head_model: str
    points: int
    faces: int
    style: float
    out: str


def fit(job: HeadJob, place: Place) -> None:
    """Fit the head and write it to job.out."""
    from synth.workshop.portraits.renderer import FaceRenderer
    from synth.workshop.training.fit_head import fit_head

    out = Path(job.out)
    check_output_path(out, ".safetensors")
    if not Path(job.head_model).is_file():
        raise FileNotFoundError(
            f"{job.head_model}: needs a head model; got no such file; try "
            "python -m scripts.convert_head_model"
        )
    studio = FaceRenderer(job.head_model, job.style).studio
    head, error_cm = fit_head(studio, job.points, job.faces)
    card = {
        "licence": "MIT",
        "head_model_sha256": hash_file(job.head_model),
        "faces": str(job.faces),
        "held_out_median_error_cm": f"{error_cm:.4f}",
    }
    save_head(out, head, card)
    for entry, text in card.items():
        say(f"{entry}: {text}")
    points, triangles = len(head.wide), len(head.triangles)
    say(f"{out}: {points} points, {triangles} triangles, {out.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    """The command line."""
    run_script("fit_head", HeadJob, fit)


if __name__ == "__main__":
    main()
