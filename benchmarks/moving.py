"""How well a photo's pixels are moved, on renders whose true map is known.

    python -m benchmarks.moving --head-model ict_facekit.npz
    python -m benchmarks.moving --head-model ict_facekit.npz --faces 8 --size 1024

A person is drawn at rest and with each emotion in full. The picture at rest stands for the photo;
each way (`benchmarks.moving_ways`) makes of it the picture with the emotion, and says where its
pixels have gone. Errors are distances from the true places over the skin that shows in both, in
pixels of a picture of 1024: median and 90th percentile over all. The picture is compared with the
true one: PSNR in dB and sharpness (mean squared gradient over the true one's, 1 when equal) within
the box of the face's points; distance of the bundled perceptual network, and dlib's of who it is,
of whole pictures.

Most ways are told the true W+ (the one that the vocabulary gives these parameters) or both true
pictures, and no generator takes part. With `--films` the picture at rest is inverted with the
bundled generator in so many steps as for a film, which also draws the emotion.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.moving_ways import Pair, Way, list_ways, load_films
from benchmarks.quality.likeness import PERCEPTUAL_PX, find_detail, find_distances
from benchmarks.quality.pictures import reduce_frames
from embed.inversion.likeness import find_psnr_db
from embed.moving.displacement import FIELD_PX, make_places
from embed.networks.identity import DlibFaceEncoder
from synth.generators import bundled_parameters
from synth.generators.bundled_head import BUNDLED_HEAD, load_head
from synth.generators.bundled_parameters import EMOTIONS, FaceParameters
from synth.judging.perceptual import load_perceptual
from synth.types import Frames, Picture
from synth.workshop.portraits import parts
from synth.workshop.portraits.rasterise import draw_triangles
from synth.workshop.portraits.renderer import FaceRenderer
from synth.workshop.portraits.scene import Scene, pose_face
from synth.workshop.training.fit_head import make_readout

UNIT_PX = 1024
#: Depths in cm that are the same surface.
SAME_CM = 0.15
LAYERS = 18
HEADS = (
    "way", "median error, px", "90 % below, px", "PSNR, dB", "perceptual distance",
    "identity distance", "sharpness",
)  # fmt: skip


def draw_pairs(renderer: FaceRenderer, faces: int, size: int) -> Iterator[Pair]:
    """Each person with each emotion."""
    z = np.random.default_rng(5).normal(size=(faces, bundled_parameters.Z_DIM))
    for vector in bundled_parameters.map_latents_to_parameters(z):
        person = FaceParameters.from_vector(vector)
        rest = person.with_emotion(None)
        before, scene = renderer.render(rest, size), pose_face(renderer.studio, rest, FIELD_PX)
        marks = (renderer.find_landmarks(rest, size) + 0.5) / size
        for emotion in EMOTIONS:
            moved = person.with_emotion(emotion)
            now = pose_face(renderer.studio, moved, FIELD_PX)
            rows = make_rows(rest), make_rows(moved)
            truth = find_true_shifts(renderer, scene, now)
            yield Pair(before, renderer.render(moved, size), rows, marks, *truth, emotion)


def find_true_shifts(
    renderer: FaceRenderer, before: Scene, now: Scene
) -> tuple[np.ndarray, np.ndarray]:
    """Shifts [n, n, 2] in picture widths of every pixel of skin, and where it shows in both."""
    count = len(renderer.studio.head_triangles)
    screens = [scene.camera.find_screen(scene.vertices) for scene in (before, now)]
    shape = (FIELD_PX, FIELD_PX)
    drawn = [
        draw_triangles(screen, scene.triangles, shape)
        for screen, scene in zip(screens, (before, now), strict=True)
    ]
    index = drawn[1].index
    skin = (index >= 0) & (index < count)
    skin[skin] = renderer.studio.head_parts[index[skin]] == parts.SKIN
    corners = now.triangles[np.where(skin, index, 0)]
    second = drawn[1].weights
    shares = np.dstack([1 - second.sum(2), second])
    was = (screens[0][corners] * shares[..., None]).sum(2)
    at = np.floor(was[..., :2]).astype(int).clip(0, FIELD_PX - 1)
    shows = np.abs(drawn[0].depth[at[..., 1], at[..., 0]] - was[..., 2]) < SAME_CM
    return was[..., :2] / FIELD_PX - make_places(FIELD_PX), skin & shows


def make_rows(face: FaceParameters) -> torch.Tensor:
    """W+ [layer, w_dim] that the workshop's vocabulary gives a face."""
    w = bundled_parameters.make_target_latents(face.to_vector()[None])
    return torch.from_numpy(w).expand(LAYERS, -1)


@dataclass
class Tally:
    """What one way did so far."""

    errors: list[np.ndarray] = field(default_factory=list)
    psnr_db: list[float] = field(default_factory=list)
    sharpness: list[float] = field(default_factory=list)
    made: list[Picture] = field(default_factory=list)

    def add(self, pair: Pair, way: Way) -> None:
        """One pair."""
        made = way(pair)
        if made.moved is not None:
            off = np.linalg.norm(made.moved.shifts - pair.shifts, axis=2)[pair.known]
            self.errors.append(off * UNIT_PX)
        side = pair.before.shape[0]
        low, high = (pair.marks.min(0) * side).astype(int), (pair.marks.max(0) * side).astype(int)
        face = slice(low[1], high[1]), slice(low[0], high[0])
        mine, true = made.picture[face], pair.now[face]
        self.psnr_db.append(find_psnr_db(mine, true))
        self.sharpness.append(find_detail(mine[None])[0] / find_detail(true[None])[0])
        self.made.append(made.picture)


class Judges:
    """Who compares pictures with the true ones [frame, n, n, 3], which are looked at once."""

    def __init__(self, true: Frames) -> None:
        self._network, self._encoder = load_perceptual(), DlibFaceEncoder()
        self._small = reduce_frames(true, PERCEPTUAL_PX)
        self._who = self._encoder.encode(true)

    def judge(self, frames: Frames) -> tuple[float, float]:
        """Mean perceptual distance, and mean identity distance where a face is found in both."""
        looks = find_distances(self._network, reduce_frames(frames, PERCEPTUAL_PX), self._small)
        who = np.linalg.norm(self._encoder.encode(frames) - self._who, axis=1)
        return float(looks.mean()), float(np.nanmean(who))


def make_table(pairs: list[Pair], ways: dict[str, Way], pictures: Path | None) -> Iterator[str]:
    """The page's table, line by line."""
    yield f"| {' | '.join(HEADS)} |\n{'|---' * len(HEADS)}|"
    judges = Judges(np.stack([pair.now for pair in pairs]))
    for name, way in ways.items():
        tally = Tally()
        for pair in pairs:
            tally.add(pair, way)
        if pictures is not None:
            _save_pictures(pictures, name, pairs, tally.made)
        errors = np.concatenate(tally.errors) if tally.errors else np.array([np.nan])
        looks, who = judges.judge(np.stack(tally.made))
        figures = np.median(errors), np.quantile(errors, 0.9), np.mean(tally.psnr_db)
        cells = [f"{x:.2f}" if np.isfinite(x) else "" for x in figures]
        cells += [f"{looks:.3f}", f"{who:.3f}", f"{np.mean(tally.sharpness):.2f}"]
        yield f"| {name} | {' | '.join(cells)} |"


def _save_pictures(folder: Path, name: str, pairs: list[Pair], made: list[Picture]) -> None:
    """Before, moved and true side by side."""
    for k, (pair, painted) in enumerate(zip(pairs, made, strict=True)):
        shown = cv2.hconcat([pair.before, painted, pair.now])
        file = folder / f"{name.replace(' ', '_')}_{k}.png"
        cv2.imwrite(str(file), np.ascontiguousarray(shown[..., ::-1]))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="moved pixels against the truth, on renders")
    parser.add_argument("--head-model", required=True, help="npz of scripts.convert_head_model")
    parser.add_argument("--head", default=str(BUNDLED_HEAD), help="file of scripts.fit_head")
    parser.add_argument("--faces", type=int, default=3)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--films", type=int, default=0, metavar="STEPS", help="of inversion")
    parser.add_argument("--tuned", action="store_true", help="films of a tuned generator, too")
    parser.add_argument("--pictures", help="folder for before, moved and true side by side")
    options = parser.parse_args()
    readout, offset = make_readout()
    head = replace(load_head(options.head), readout=readout, offset=offset)
    renderer = FaceRenderer(options.head_model)
    pairs = list(draw_pairs(renderer, options.faces, options.size))
    folder = Path(options.pictures) if options.pictures else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        ways = list_ways(head)
        if options.films:
            ways |= load_films(Path(temporary), options.films, options.tuned).list_ways()
        for line in make_table(pairs, ways, folder):
            print(line, flush=True)


if __name__ == "__main__":
    main()
