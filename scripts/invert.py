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
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from tqdm import tqdm

from embed.photos.batch import BatchJob
from embed.photos.inverter import PhotoInverter
from embed.photos.journal import Entry
from embed.photos.listing import Item, Shard, list_photos
from embed.photos.photo_face import check_generator
from embed.photos.recipe import InversionRecipe
from scripts.entry import build, choose_device, run_script
from scripts.setting_types import check_types
from synth.generators.capabilities import TrainableGenerator
from synth.generators.memory import reuse_freed_memory

TYPES = {
    "photos": str,
    "shard": str | None,
    "batch": int,
    "retry_failed": bool,
}


def invert_photos(config: DictConfig, _: Path) -> None:
    """Run as configs/invert.yaml describes it; results go to the folder paths.run."""
    # 1. What can be wrong without a generator is found before one is loaded.
    check_types(config, TYPES)
    folder = Path(config.paths.run)  # not Hydra's own, which differs between shards
    items = list_photos(config.photos)
    recipe: InversionRecipe = build(config.inversion)
    device = choose_device(recipe.device)
    recipe.fetch_models()
    generator = check_generator(build(config.generator))

    # 2. Photo by photo, each saved at once.
    shard = Shard.parse(config.shard)
    job = BatchJob(folder, shard, config.batch, config.retry_failed)
    run_job(job, items, recipe, generator, device)


def run_job(
    job: BatchJob,
    items: Sequence[Item],
    recipe: InversionRecipe,
    generator: TrainableGenerator,
    device: torch.device,
) -> None:
    """Invert the job's part of the items with a bar of progress, and say what became of them.

    Raises ValueError when all photos of a whole run failed.
    """

    def load_inverter() -> PhotoInverter:
        if device.type == "cpu":
            reuse_freed_memory()
        return PhotoInverter(recipe, generator.to(device))

    total = len(job.shard.choose(items))
    progress = tqdm(total=total, desc="invert", unit="photo", disable=None)

    def report(entry: Entry) -> None:
        progress.update()
        if entry.state == "failed":
            progress.write(f"failed: {entry.path}: {entry.reason}")

    with progress:
        reported = replace(job, report=report)
        counts = reported.run(items, describe_run(recipe, generator), load_inverter)
    tell(counts, job.folder, job.shard)


def describe_run(recipe: InversionRecipe, generator: TrainableGenerator) -> dict[str, Any]:
    """What every result in a folder shares."""
    return {"generator_sha256": generator.sha256, **recipe.describe(generator)}


def tell(counts: Counter[str], folder: Path, shard: Shard) -> None:
    """A line of what happened. Raises ValueError when all photos of a whole run failed."""
    journal = folder / f"journal-{shard}.jsonl"
    parts = [f"{counts[state]} {state}" for state in ("done", "failed", "skipped")]
    print(f"{folder}: {', '.join(parts)}; {journal.name} says more")
    # A shard's failure would end the other shards of a sweep in one process.
    if shard.count == 1 and counts["failed"] and len(counts) == 1:
        raise ValueError(f"needs photos that can be inverted; got none; {journal} says why")


def main() -> None:
    """The command line."""
    run_script("invert", invert_photos)


if __name__ == "__main__":
    main()
