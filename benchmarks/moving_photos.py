"""Photos whose own pixels move: who is seen, what is shown, and what changed that should not.

    python -m benchmarks.moving_photos me.jpg you.jpg
    python -m benchmarks.moving_photos me.jpg you.jpg --tuned

Each photo is prepared as for a film, untuned, and with `--tuned` tuned as well, and drawn at rest
and with each emotion in full, by its own pixels and by the generator's.

- Seconds: what preparing took, by the clock and of all threads together, which other programs at
  work do not change much. Results that were kept before are left alone. PSNR in dB: of the
  inversion.
- Identity: distance of dlib's embedding from the photo's.
- Shown: the share of pictures in which mini-XCEPTION, which others trained on photographs and
  nothing here was fitted by, sees the emotion that was asked for.
- Flicker: the scorecard's measure (`synth.scores.flicker`), the mean over `--frames` frames at 25 a
  second from calm towards surprise and back.
- Surroundings: the share of pixels further than `--margin` of the square from the head
  (`embed.moving.head_mask`) that are not the photo's, to the bit.

Pictures go to a folder, if it is named, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from embed.inversion.settings import InversionSettings
from embed.moving.head_mask import find_head_mask
from embed.moving.moving_photo import MovingPhoto
from embed.networks.identity import DlibFaceEncoder
from embed.photos.photo_face import PhotoFace
from embed.photos.recipe import InversionRecipe
from embed.photos.result_names import RESULTS
from embed.photos.starts import BundledStart
from emotion_seq.classifiers.mini_xception import MiniXception
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.film.contact_sheet import TileLabel, make_contact_sheet, save_contact_sheet
from synth.generators import load_bundled_generator
from synth.generators.acceleration import accelerate
from synth.generators.base import Generator
from synth.generators.memory import reuse_freed_memory
from synth.motion.any_motion import as_motion
from synth.motion.base import Scene
from synth.motion.emotion_track import EmotionTrack
from synth.motion.paths import LatentPath
from synth.plain_text import load_json
from synth.scores.flicker import FlickerMeter
from synth.storage.assets import find_cache_folder
from synth.types import Frames, to_frames

FPS = 25
CACHE = "MOODREEL_CACHE"
HEADS = (
    "photo", "pixels", "tuned", "seconds", "core seconds", "PSNR, dB", "identity, calm",
    "identity, emotions", "shown", "flicker", "surroundings changed",
)  # fmt: skip
SHOWN = ("calm", "anger", "happiness", "surprise", "disgust", "fear", "sadness")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One photo: what moves it, pictures of all `SHOWN` by its own pixels and the generator's, and
    frames of a movement by both; what preparing took, by the clock and of all cores, and how alike
    the inversion is."""

    name: str
    is_tuned: bool
    moving: MovingPhoto
    own: Pictures
    generated: Pictures
    spent_s: tuple[float, float]
    psnr_db: float


@dataclass(frozen=True, eq=False)
class Pictures:
    """Of all `SHOWN`, and frames of a movement."""

    shown: Frames
    film: Frames


@dataclass(frozen=True)
class Settings:
    """What is measured: steps of inversion, frames of the movement, margin around the head."""

    steps: int
    frames: int
    margin: float


def draw_photo(path: str, is_tuned: bool, settings: Settings) -> Drawn:
    """Prepare a photo and draw every emotion. Raises ValueError where there is no face."""
    generator = load_bundled_generator()
    inversion = InversionSettings(steps=settings.steps)
    recipe = InversionRecipe(start=BundledStart(), settings=inversion, tune=is_tuned)
    with tempfile.TemporaryDirectory() as empty, _keep_results_in(Path(empty)):
        began_s = time.monotonic(), time.process_time()
        face: Face = PhotoFace(path, recipe).prepare(generator)
        spent_s = time.monotonic() - began_s[0], time.process_time() - began_s[1]
        report = load_json(face.keepsakes["photo_report.json"])
    if not isinstance(face.moves, MovingPhoto):
        raise ValueError("needs the bundled generator's head; try python -m scripts.fit_head")
    fast = accelerate(face.generator)
    moments = as_motion(EmotionTrack.of(*SHOWN)).plan(face, Scene())
    shown = _draw(face.moves, fast, moments.path, [moment.time_s for moment in moments.moments])
    there = as_motion(EmotionTrack.of("calm", "surprise", "calm")).plan(face, Scene())
    middle_s = there.moments[1].time_s
    times_s = [middle_s + (k - settings.frames // 2) / FPS for k in range(settings.frames)]
    film = _draw(face.moves, fast, there.path, times_s)
    own, generated = (Pictures(*pair) for pair in zip(shown, film, strict=True))
    psnr_db = float(report["likeness"]["psnr_db"])
    return Drawn(Path(path).stem, is_tuned, face.moves, own, generated, spent_s, psnr_db)


@contextmanager
def _keep_results_in(folder: Path) -> Iterator[None]:
    """A cache folder with all that the real one has, but for photos' results."""
    real = find_cache_folder()
    for entry in real.iterdir() if real.is_dir() else ():
        if entry.name != RESULTS:
            (folder / entry.name).symlink_to(entry)
    before = os.environ.get(CACHE)
    os.environ[CACHE] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(CACHE)
        if before is not None:
            os.environ[CACHE] = before


def _draw(
    moving: MovingPhoto, generator: Generator, path: LatentPath, times_s: Sequence[float]
) -> tuple[Frames, Frames]:
    """Pictures at times, by the photo's own pixels and by the generator's."""
    own, generated = [], []
    for time_s in times_s:
        rows = path(torch.tensor([time_s], dtype=torch.float64))
        with torch.inference_mode():
            picture = to_frames(generator.synthesis(rows))[0]
        own.append(moving.draw(rows[0], picture))
        generated.append(picture)
    return np.stack(own), np.stack(generated)


def count_changed(drawn: Drawn, margin: float) -> float:
    """Share of pixels away from the head that any picture changed."""
    crop = drawn.moving.crop
    marks = drawn.moving.tracker.marks
    assert marks is not None  # a photo's points are known
    mask = cv2.resize(find_head_mask(crop, marks), crop.shape[:2][::-1])
    reach = 2 * round(margin * crop.shape[0]) + 1
    head = cv2.dilate((mask > 0.02).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    changed = (drawn.own.shown != crop).any((0, 3))
    return float(changed[~head].mean()) if (~head).any() else 0.0


def make_rows(drawn: Drawn, margin: float) -> Iterator[str]:
    """Lines of the table for one photo."""
    who, what = DlibFaceEncoder(), MiniXception()
    photo = who.encode(drawn.moving.crop[None])[0]
    asked = np.array([int(Emotion[shown.upper()]) for shown in SHOWN])
    times = " | ".join(f"{spent_s:.0f}" for spent_s in drawn.spent_s)
    prepared = f"{'yes' if drawn.is_tuned else 'no'} | {times} | {drawn.psnr_db:.1f}"
    for name, pictures in (("its own", drawn.own), ("the generator's", drawn.generated)):
        away = np.linalg.norm(who.encode(pictures.shown) - photo, axis=1)
        right = float(np.mean(what.score(pictures.shown).argmax(1) == asked))
        meter = FlickerMeter()
        meter.add(pictures.film)
        changed = f"{100 * count_changed(drawn, margin):.2f} %" if pictures is drawn.own else "all"
        figures = f"{away[0]:.3f} | {np.nanmean(away[1:]):.3f} | {right:.2f}"
        flicker = f"{np.nanmean(meter.read()):.3f}"
        yield f"| {drawn.name} | {name} | {prepared} | {figures} | {flicker} | {changed} |"


def save_sheet(folder: Path, drawn: Drawn) -> None:
    """The photo and what is made of it."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = [TileLabel("photo"), *map(TileLabel, SHOWN)]
    tiles = np.concatenate([drawn.moving.crop[None], drawn.own.shown])
    sheet = make_contact_sheet(tiles, labels, columns=4, tile_px=512)
    name = f"{drawn.name}_tuned.png" if drawn.is_tuned else f"{drawn.name}.png"
    save_contact_sheet(folder / name, sheet)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="photos whose own pixels move")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--steps", type=int, default=100, help="of the inversion")
    parser.add_argument("--frames", type=int, default=9, help="of the movement")
    parser.add_argument("--margin", type=float, default=0.1)
    parser.add_argument("--tuned", action="store_true", help="with pivotal tuning, too")
    parser.add_argument("--pictures", help="folder for sheets of all emotions")
    options = parser.parse_args()
    reuse_freed_memory()  # as every job does
    settings = Settings(options.steps, options.frames, options.margin)
    print(f"| {' | '.join(HEADS)} |\n{'|---' * len(HEADS)}|", flush=True)
    for path in options.photos:
        for is_tuned in (False, True) if options.tuned else (False,):
            drawn = draw_photo(path, is_tuned, settings)
            print("\n".join(make_rows(drawn, settings.margin)), flush=True)
            if options.pictures:
                save_sheet(Path(options.pictures), drawn)


if __name__ == "__main__":
    main()
