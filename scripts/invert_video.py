"""A video of a person becomes latents of its frames, smooth from one to the next; resumable.

    python -m scripts.invert_video path=film.mp4
    python -m scripts.generate_video experiment=copied motion.latents=FOLDER/latents.npz

In: a configuration out of configs/invert_video.yaml. Out: latents.npz, side_by_side.mp4 (what was
cut out, and what the generator draws), settings.json, and frames/ with what each frame gave. A run
that was stopped, or killed, is taken up by the same command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embed.photos.recipe import InversionRecipe
from embed.tracking.video_inversion import VideoInversion
from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.devices import choose_device
from synth.film.marks.marking import Marker
from synth.generators.base import Generator
from synth.generators.capabilities import need_differentiable
from synth.progress import Progress
from synth.storage.assets import hash_file
from synth.storage.locks import own_folder
from synth.storage.run_settings import keep_settings
from synth.video.writing import Encoding, probe_video, write_video

SEEN = "side_by_side.mp4"


@dataclass(frozen=True)
class FootageJob:
    """The entries of configs/invert_video.yaml."""

    path: str
    every: int
    next_steps: int | None
    next_budget_s: float | None
    inversion: InversionRecipe
    generator: Deferred[Generator]


def invert_video(job: FootageJob, place: Place) -> None:
    """Invert the video's frames, alone in the run's folder."""
    with own_folder(place.folder) as folder:
        invert_into(job, folder)


def invert_into(job: FootageJob, folder: Path) -> None:
    """Invert the video's frames into a folder."""
    facts, recipe = probe_video(job.path), job.inversion
    if recipe.tune:
        raise ValueError(
            "needs one generator for all frames; got inversion.tune=true; try inversion=photo"
        )
    inversion = VideoInversion(folder, recipe, job.every, job.next_steps, job.next_budget_s)
    device = choose_device(recipe.device)
    recipe.fetch_models()
    generator = need_differentiable(job.generator.build(), "to invert a video")
    known = {"generator_sha256": generator.sha256, "video": name_video(Path(job.path))}
    own = {name: getattr(job, name) for name in ("every", "next_steps", "next_budget_s")}
    keep_settings(folder / "settings.json", {**known, **own, **recipe.describe(generator)})
    generator.to(device)

    total = -(-facts.frame_count // job.every)
    with TerminalProgress() as progress:
        for done, _ in enumerate(inversion.run(job.path, generator), 1):
            progress(Progress("invert frames", done, total))
    fps = facts.fps / job.every
    latents = inversion.collect(generator, {**known, "fps": str(fps)})
    made_by, path = f"generator {generator.name}", Path(job.path)
    originals = [path] if path.is_file() else []
    marker = Marker.of(made_by, f"{known}", originals)
    seen = map(marker.mark, inversion.read_seen())
    film = write_video(folder / SEEN, seen, Encoding(fps, made_by=made_by))
    marker.sign([folder / SEEN])
    say(f"{latents}: {film.frame_count} of {facts.frame_count} frames")


def name_video(path: Path) -> str:
    """What distinguishes the video from others: its sha256, or the path of a folder of frames."""
    return hash_file(path) if path.is_file() else str(path.resolve())


def main() -> None:
    """The command line."""
    run_script("invert_video", FootageJob, invert_video)


if __name__ == "__main__":
    main()
