"""Photos become latents: one folder each, resumable, in shards over a cluster.

    python -m scripts.invert photos=me.jpg
    python -m scripts.invert photos=album inversion.tune=true batch=4
    python -m scripts.invert photos=all.txt shard=3/16
    python -m scripts.invert -m launcher=slurm photos=all.txt shard=1/4,2/4,3/4,4/4

In: a configuration out of configs/invert.yaml. Out: in the run's folder photos/<name>/ with
latents, crop, reconstruction, side by side, loss curve and report of each photo, and a journal of
what was done, failed (with the reason) or skipped. A run that was stopped, or killed, is taken up
by the same command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embed.photos.batch import BatchJob
from embed.photos.inverter import PhotoInverter
from embed.photos.journal import Entry
from embed.photos.listing import Item, Shard, list_photos
from embed.photos.recipe import InversionRecipe
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.devices import choose_device
from synth.generators.base import Generator
from synth.generators.capabilities import TrainableGenerator, need_differentiable
from synth.progress import Progress, Report


@dataclass(frozen=True)
class PhotosJob:
    """The entries of configs/invert.yaml."""

    photos: str
    shard: str | None
    batch: int
    retry_failed: bool
    inversion: InversionRecipe
    generator: Deferred[Generator]


def invert_photos(job: PhotosJob, place: Place) -> None:
    """Invert the photos into the folder that all shards share."""
    # 1. What can be wrong without a generator is found before one is loaded.
    items = list_photos(job.photos)
    batch = BatchJob(place.shared, Shard.parse(job.shard), job.batch, job.retry_failed)
    choose_device(job.inversion.device)
    job.inversion.fetch_models()
    generator = need_differentiable(job.generator.build(), "to invert photos")

    # 2. Photo by photo, each saved at once.
    with TerminalProgress() as progress:
        invert_items(batch, items, job.inversion, generator, progress)


def invert_items(
    job: BatchJob,
    items: Sequence[Item],
    recipe: InversionRecipe,
    generator: TrainableGenerator,
    report: Report,
) -> None:
    """Invert the job's part of the items and say what became of them.

    Raises ValueError when all photos of a whole run failed.
    """
    device, total, done = choose_device(recipe.device), len(job.shard.choose(items)), 0

    def note(entry: Entry) -> None:
        nonlocal done
        done += 1
        if entry.state == "failed":
            report(Progress("invert photos", note=f"failed: {entry.path}: {entry.reason}"))
        report(Progress("invert photos", done, total))

    counts = replace(job, report=note).run(
        items,
        {"generator_sha256": generator.sha256, **recipe.describe(generator)},
        lambda: PhotoInverter(recipe, generator.to(device)),
    )
    print_counts(counts, job.folder, job.shard)


def print_counts(counts: Counter[str], folder: Path, shard: Shard) -> None:
    """A line of what happened. Raises ValueError when all photos of a whole run failed."""
    journal = folder / f"journal-{shard}.jsonl"
    parts = [f"{counts[state]} {state}" for state in ("done", "failed", "skipped")]
    say(f"{folder}: {', '.join(parts)}; {journal.name} says more")
    # A shard's failure would end the other shards of a sweep in one process.
    if shard.count == 1 and counts["failed"] and len(counts) == 1:
        raise ValueError(f"needs photos that can be inverted; got none; {journal} says why")


def main() -> None:
    """The command line."""
    run_script("invert", PhotosJob, invert_photos)


if __name__ == "__main__":
    main()
