"""Labelled latents become a set of emotion directions for one generator.

    python -m scripts.fit_directions
    python -m scripts.fit_directions generator=file generator.path=ffhq.pkl labels=self \\
        out=ffhq_directions.safetensors
    python -m scripts.fit_directions generator=file generator.path=ffhq.pkl labels=folder \\
        labels.path=photos out=ffhq_directions.safetensors

In: a generator, and latents with known emotions: of the bundled generator (labels=known), scored by
a classifier (labels=self), of labelled photos (labels=folder, aligned and inverted first, where a
stopped run is taken up), or from a file (labels=latents).
Out: one .safetensors, to be used with `directions.path=...`, a picture of what was found beside it,
and a line per emotion. Emotions that no latent has are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from directions.fitting.fit import fit_directions
from directions.fitting.report import make_set, save_fit_report
from directions.fitting.settings import FitSettings
from directions.labels.base import LabelSource
from directions.labels.inverted import PhotoLabels
from embed.photos.batch import BatchJob
from embed.photos.recipe import InversionRecipe
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.labelled_photos import invert_labelled
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.generators.base import Generator
from synth.generators.capabilities import need_faces
from synth.motion.direction_sets import save_directions
from synth.storage.atomic import check_output_path


@dataclass(frozen=True)
class FitJob:
    """The entries of configs/fit_directions.yaml; the inversion is that of labels=folder."""

    fit: FitSettings
    labels: LabelSource
    inversion: Deferred[InversionRecipe]
    batch: int
    retry_failed: bool
    out: str
    report: bool
    generator: Deferred[Generator]


def fit(job: FitJob, place: Place) -> None:
    """Fit the set and write it to job.out."""
    out, labels = Path(job.out), job.labels
    check_output_path(out, ".safetensors")
    generator = job.generator.build()
    need_faces(generator, "for emotion directions")
    with TerminalProgress() as progress:
        if isinstance(labels, PhotoLabels) and labels.latents is None:
            photos = BatchJob(place.shared, batch=job.batch, retry_failed=job.retry_failed)
            invert_labelled(labels, job.fit, job.inversion.build(), generator, photos, progress)
            labels = replace(labels, latents=str(place.shared))
        labelled = labels.load_labels(generator, progress)
    fitted = fit_directions(labelled, generator.num_layers, job.fit)
    for line in fitted.describe():
        say(line)
    save_directions(out, make_set(generator, fitted, labelled, job.fit, labels.about))
    if job.report:
        path = out.with_name(f"{out.stem}_fit.png")
        save_fit_report(path, fitted, f"{out.stem}: {generator.name}")
    say(f"{out}: {len(fitted.emotions)} directions for {generator.name}")


def main() -> None:
    """The command line."""
    run_script("fit_directions", FitJob, fit)


if __name__ == "__main__":
    main()
