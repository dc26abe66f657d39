"""Directions of others become a set, sets become .npy files; warns about what looks wrong.

    python -m scripts.exchange_directions source=latent_directions generator=ffhq \\
        out=theirs.safetensors
    python -m scripts.exchange_directions source=mine.safetensors out=exported
    python -m scripts.exchange_directions source=mine.safetensors sign_faces=8

In: a set (.safetensors), one .npy, or a folder of .npy files named by emotions: [layer, w_dim],
[w_dim], or [1, w_dim] as InterFaceGAN saves boundaries. Out, where `out` is given: a set, or a
folder of .npy files; and a line for each thing that speaks against using them with this generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from directions.checks import Trying, list_warnings
from directions.exchange import export_set, import_set, list_direction_files
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from synth.faces.latents import load_latents
from synth.faces.random_faces import map_seeds
from synth.generators.base import Generator
from synth.judging.emotion_scoring import EmotionScorer
from synth.motion.direction_sets import DirectionSet, load_directions, save_directions
from synth.motion.masks import LayerMask
from synth.storage.atomic import check_output_path

SET_SUFFIX = ".safetensors"
#: Truncation of the random faces on which signs are tried.
PSI = 0.7


@dataclass(frozen=True)
class ExchangeJob:
    """The entries of configs/exchange_directions.yaml."""

    source: str
    coefficient: float
    out: str | None
    latents: str | None
    sign_faces: int
    mask: LayerMask
    classifier: Deferred[EmotionScorer]
    generator: Deferred[Generator]


def exchange(job: ExchangeJob, place: Place) -> None:
    """Read, warn, write."""
    source, out = Path(job.source), None if job.out is None else Path(job.out)
    if out is not None and out.suffix:
        check_output_path(out, SET_SUFFIX)
    generator = job.generator.build()
    fitted = read_source(source, generator, job.coefficient)
    for warning in list_warnings(fitted, choose_trial(job, generator)):
        say(f"warning: {warning}")
    if out is None:
        say(f"{source}: {len(fitted.directions)} directions")
    elif out.suffix:
        save_directions(out, fitted)
        say(f"{out}: {len(fitted.directions)} directions for {generator.name}")
    else:
        paths = export_set(out, fitted)
        say(f"{out}: {', '.join(path.name for path in paths)}, intensity 1 each")


def read_source(source: Path, generator: Generator, coefficient: float) -> DirectionSet:
    """A set, or files of others as one."""
    if source.suffix == SET_SUFFIX:
        return load_directions(source)
    return import_set(list_direction_files(source), generator, coefficient)


def choose_trial(job: ExchangeJob, generator: Generator) -> Trying:
    """What the set is tried on: the faces of `latents`, or random ones where signs are asked."""
    faces = scorer = None
    if job.latents is not None:
        faces = load_latents(job.latents, generator)
    if job.sign_faces:
        scorer = job.classifier.build()
        if faces is None:
            faces = map_seeds(range(job.sign_faces), generator, PSI)
        faces = faces[: job.sign_faces]
    return Trying(generator, job.mask, faces, scorer)


def main() -> None:
    """The command line."""
    run_script("exchange_directions", ExchangeJob, exchange)


if __name__ == "__main__":
    main()
