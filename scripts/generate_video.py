"""A face and a motion become a video with its contact sheet and scorecard.

    python -m scripts.generate_video
    python -m scripts.generate_video face.seed=7 'track.emotions=[calm,fear,calm]' video=gif
    python -m scripts.generate_video track=file track.path=my_track.yaml interpolation=cubic
    python -m scripts.generate_video generator=file generator.path=ffhq.pkl motion=walk
    python -m scripts.generate_video face=photo face.path=me.jpg
    python -m scripts.generate_video -m 'face.seed=range(0,1000)' launcher=slurm

In: a configuration out of configs/generate_video.yaml. Out: one folder with the video,
contact_sheet.png, scorecard.json (.md, .png), track.yaml, latents.npz and config.yaml. The same
command and seed give the same bytes, but for the scorecard's `render_time_s`. A run that was killed
or ran out of disk is taken up again by the same command; a film that is there is not made again,
unless `resume=false` says so (docs/resuming.md). With -m a folder with a folder for each film
(docs/scale.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from scripts.building import Deferred
from scripts.entry import Place, run_script
from scripts.frame_rate import settle_frame_rate
from scripts.reporting import say
from scripts.terminal import TerminalProgress
from synth.faces.face import FaceSource
from synth.film.film import check_film, make_film
from synth.film.settings import FilmSettings
from synth.film.staging import find_begun
from synth.generators.base import Generator
from synth.motion.base import Motion


@dataclass(frozen=True)
class VideoJob:
    """The entries of configs/generate_video.yaml."""

    video: FilmSettings
    motion: Motion
    face: FaceSource
    generator: Deferred[Generator]


def generate_video(job: VideoJob, place: Place) -> None:
    """Make the film in the run's folder, or where the same command began it."""
    settings = replace(job.video, config=place.config)
    folder = find_folder(place) if settings.resume else place.folder
    with TerminalProgress() as progress:
        # What can be wrong without a generator is found before one is loaded.
        check_film(job.face, job.motion, settings, progress)
        generator = job.generator.build()
        film = make_film(generator, job.face, job.motion, settings, folder, progress)
    card = film.scorecard
    if film.is_kept:
        say(f"{film.video}: {film.facts.frame_count} frames, finished before")
        return
    spent = f" in {card.render_time_s:.1f} s" if card.render_time_s is not None else ""
    say(f"{film.video}: {film.facts.frame_count} frames{spent}")


def find_folder(place: Place) -> Path:
    """The run's folder; or, where it is named by the time, one that the same command has begun."""
    folder = place.folder
    if not place.is_named_by_time or folder != place.shared:
        return folder
    begun = find_begun(folder.parent, place.config)
    if begun is None:
        return folder
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    say(f"going on with the film in {begun}")
    return begun


def main() -> None:
    """The command line."""
    run_script("generate_video", VideoJob, generate_video, apart=True, complete=settle_frame_rate)


if __name__ == "__main__":
    main()
