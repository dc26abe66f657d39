"""Photos whose own pixels move: who is seen, what is shown, and what changed that should not.

    python -m benchmarks.moving_photos me.jpg you.jpg

Each photo is prepared as for a film, once untuned, and drawn at rest and with each emotion in full,
by its own pixels and by the generator's. Identity: distance of dlib's embedding from the photo's.
Shown: the share of pictures in which mini-XCEPTION, which others trained on photographs and nothing
here was fitted by, sees the emotion that was asked for. Surroundings: the share of pixels further
than `--margin` of the square from the head (`embed.moving.head_mask`) that are not the photo's, to
the bit. Pictures go to a folder, if it is named, to be looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
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
from embed.photos.starts import BundledStart
from emotion_seq.classifiers.mini_xception import MiniXception
from synth.emotions import Emotion
from synth.faces.face import Face
from synth.film.contact_sheet import TileLabel, make_contact_sheet, save_contact_sheet
from synth.generators import load_bundled_generator
from synth.motion.any_motion import as_motion
from synth.motion.base import Scene
from synth.motion.emotion_track import EmotionTrack
from synth.types import Frames, to_frames

SHOWN = ("calm", "anger", "happiness", "surprise", "disgust", "fear", "sadness")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One photo: what moves it, pictures of all `SHOWN` by its own pixels and the generator's."""

    name: str
    moving: MovingPhoto
    own: Frames
    generated: Frames


def draw_photo(path: str, steps: int) -> Drawn:
    """Prepare a photo and draw every emotion. Raises ValueError where there is no face."""
    generator = load_bundled_generator()
    recipe = InversionRecipe(start=BundledStart(), settings=InversionSettings(steps=steps))
    face: Face = PhotoFace(path, recipe).prepare(generator)
    if not isinstance(face.moves, MovingPhoto):
        raise ValueError("needs the bundled generator's head; try python -m scripts.fit_head")
    plan = as_motion(EmotionTrack.of(*SHOWN)).plan(face, Scene())
    own, generated = [], []
    for moment in plan.moments:
        rows = plan.path(torch.tensor([moment.time_s], dtype=torch.float64))
        with torch.inference_mode():
            picture = to_frames(generator.synthesis(rows))[0]
        own.append(face.moves.draw(rows[0], picture))
        generated.append(picture)
    return Drawn(Path(path).stem, face.moves, np.stack(own), np.stack(generated))


def count_changed(drawn: Drawn, margin: float) -> float:
    """Share of pixels away from the head that any picture changed."""
    crop = drawn.moving.crop
    marks = drawn.moving.tracker.marks
    assert marks is not None  # a photo's points are known
    mask = cv2.resize(find_head_mask(crop, marks), crop.shape[:2][::-1])
    reach = 2 * round(margin * crop.shape[0]) + 1
    head = cv2.dilate((mask > 0.02).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    changed = (drawn.own != crop).any((0, 3))
    return float(changed[~head].mean()) if (~head).any() else 0.0


def make_rows(drawn: Drawn, margin: float) -> Iterator[str]:
    """Lines of the table for one photo."""
    who, what = DlibFaceEncoder(), MiniXception()
    photo = who.encode(drawn.moving.crop[None])[0]
    for name, frames in (("its own", drawn.own), ("the generator's", drawn.generated)):
        away = np.linalg.norm(who.encode(frames) - photo, axis=1)
        seen = what.score(frames).argmax(1)
        asked = [int(Emotion[shown.upper()]) for shown in SHOWN]
        right = float(np.mean(seen == np.array(asked)))
        changed = f"{100 * count_changed(drawn, margin):.2f} %" if frames is drawn.own else "all"
        figures = f"{away[0]:.3f} | {np.nanmean(away[1:]):.3f} | {right:.2f} | {changed}"
        yield f"| {drawn.name} | {name} | {figures} |"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="photos whose own pixels move")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--steps", type=int, default=40, help="of the inversion")
    parser.add_argument("--margin", type=float, default=0.1)
    parser.add_argument("--pictures", help="folder for sheets of all emotions")
    options = parser.parse_args()
    print("| photo | pixels | identity, calm | identity, emotions | shown | surroundings changed |")
    print("|---|---|---|---|---|---|")
    for path in options.photos:
        drawn = draw_photo(path, options.steps)
        print("\n".join(make_rows(drawn, options.margin)), flush=True)
        if options.pictures:
            Path(options.pictures).mkdir(parents=True, exist_ok=True)
            labels = [TileLabel("photo"), *map(TileLabel, SHOWN)]
            sheet = make_contact_sheet(
                np.concatenate([drawn.moving.crop[None], drawn.own]), labels, columns=4, tile_px=512
            )
            save_contact_sheet(Path(options.pictures) / f"{drawn.name}.png", sheet)


if __name__ == "__main__":
    main()
