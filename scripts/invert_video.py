"""A video of a person becomes latents of its frames, smooth from one to the next; resumable.

    python -m scripts.invert_video path=film.mp4
    python -m scripts.generate_video experiment=copied motion.latents=FOLDER/latents.npz

In: a configuration out of configs/invert_video.yaml. Out: latents.npz, side_by_side.mp4 (what was
cut out, and what the generator draws), settings.json, and frames/ with what each frame gave. A run
that was stopped, or killed, is taken up by the same command.
"""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from tqdm import tqdm

from embed.photos.photo_face import check_generator
from embed.photos.recipe import InversionRecipe
from embed.tracking.video_inversion import VideoInversion
from scripts.entry import build, choose_device, run_script
from scripts.setting_types import check_types
from synth.generators.memory import reuse_freed_memory
from synth.storage.assets import hash_file
from synth.storage.run_settings import keep_settings
from synth.video.writing import probe_video, write_video

TYPES = {
    "path": str,
    "every": int,
    "next_steps": int | None,
    "next_budget_s": float | None,
}


def invert_video(config: DictConfig, folder: Path) -> None:
    """Run as configs/invert_video.yaml describes it."""
    check_types(config, TYPES)
    facts = probe_video(config.path)
    recipe: InversionRecipe = build(config.inversion)
    if recipe.tune:
        raise ValueError(
            "needs one generator for all frames; got inversion.tune=true; try inversion=photo"
        )
    own = {name: config[name] for name in ("every", "next_steps", "next_budget_s")}
    job = VideoInversion(folder, recipe, **own)
    device = choose_device(recipe.device)
    recipe.fetch_models()
    generator = check_generator(build(config.generator))
    known = {"generator_sha256": generator.sha256, "video": name_video(Path(config.path))}
    keep_settings(folder / "settings.json", {**known, **own, **recipe.describe(generator)})
    if device.type == "cpu":
        reuse_freed_memory()
    generator.to(device)

    total = -(-facts.frame_count // job.every)
    with tqdm(total=total, desc="invert", unit="frame", disable=None) as progress:
        for _ in job.run(config.path, generator):
            progress.update()
    latents = job.collect(generator, {**known, "fps": str(facts.fps / job.every)})
    made_by = f"generator {generator.name}"
    film = write_video(
        folder / "side_by_side.mp4", job.read_seen(), facts.fps / job.every, made_by=made_by
    )
    print(f"{latents}: {film.frame_count} of {facts.frame_count} frames")


def name_video(path: Path) -> str:
    """What tells the video from others: its sha256, or the path of a folder of frames."""
    return hash_file(path) if path.is_file() else str(path.resolve())


def main() -> None:
    """The command line."""
    run_script("invert_video", invert_video)


if __name__ == "__main__":
    main()
