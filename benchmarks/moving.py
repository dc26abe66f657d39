"""How well a photo's pixels are moved, on renders whose true map is known.

    python -m benchmarks.moving --head-model ict_facekit.npz
    python -m benchmarks.moving --head-model ict_facekit.npz --faces 8 --size 1024

A person is drawn at rest and with each emotion in full. The picture at rest stands for the photo
and for what the generator draws of it; each way says where its pixels have gone. Errors are
distances from the true places over the skin that shows in both, in pixels of a picture of 1024:
median and 90th percentile over all. PSNR in dB of the moved picture against the true one, within
the square around the face's points. No generator takes part: W+ is the one that the vocabulary
gives these parameters.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from embed.faces.learned.placer import RenderPoints
from embed.inversion.likeness import find_psnr_db
from embed.moving.displacement import FIELD_PX, Displacement, make_places
from embed.moving.flow import find_flow, refine_by_flow
from embed.moving.head_tracker import HeadTracker
from embed.moving.landmark_tracker import LandmarkTracker
from embed.moving.layers import make_layers
from embed.moving.painting import frame_crop, paint_moved
from synth.generators.bundled_head import BUNDLED_HEAD, BundledHead, load_head
from synth.types import Picture
from synth.workshop.portraits import parameters, parts
from synth.workshop.portraits.parameters import EMOTIONS, FaceParameters
from synth.workshop.portraits.rasterise import draw_triangles
from synth.workshop.portraits.renderer import FaceRenderer
from synth.workshop.portraits.scene import Scene, pose_face
from synth.workshop.training.fit_head import make_readout

UNIT_PX = 1024
#: Depths in cm that are the same surface.
SAME_CM = 0.15
LAYERS = 18


@dataclass(frozen=True, eq=False)
class Pair:
    """One person at rest and moved: pictures, W+ [layer, w_dim], points at rest in picture widths,
    true shifts [n, n, 2] on the grid of displacements and where they are known [n, n]."""

    before: Picture
    now: Picture
    rows: tuple[torch.Tensor, torch.Tensor]
    marks: np.ndarray
    shifts: np.ndarray
    known: np.ndarray


Way = Callable[[Pair], Displacement]


def draw_pairs(renderer: FaceRenderer, faces: int, size: int) -> Iterator[Pair]:
    """Each person with each emotion."""
    z = np.random.default_rng(5).normal(size=(faces, parameters.Z_DIM))
    for vector in parameters.map_latents_to_parameters(z):
        person = FaceParameters.from_vector(vector)
        rest = person.with_emotion(None)
        before, scene = renderer.render(rest, size), pose_face(renderer.studio, rest, FIELD_PX)
        marks = (renderer.find_landmarks(rest, size) + 0.5) / size
        for emotion in EMOTIONS:
            moved = person.with_emotion(emotion)
            now = pose_face(renderer.studio, moved, FIELD_PX)
            rows = _make_rows(rest), _make_rows(moved)
            truth = find_true_shifts(renderer, scene, now)
            yield Pair(before, renderer.render(moved, size), rows, marks, *truth)


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


def _make_rows(face: FaceParameters) -> torch.Tensor:
    w = parameters.make_target_latents(face.to_vector()[None])
    return torch.from_numpy(w).expand(LAYERS, -1)


def list_ways(head: BundledHead) -> dict[str, Way]:
    """Ways to find a displacement, by name."""
    placer = RenderPoints()

    def stay(pair: Pair) -> Displacement:
        nothing = np.zeros((FIELD_PX, FIELD_PX, 2), np.float32)
        none = np.zeros((2, 2))
        marks = pair.marks, pair.marks, pair.marks
        return Displacement(nothing, np.ones_like(nothing[..., 0]), *marks, none, none)

    def flow(pair: Pair) -> Displacement:
        return replace(stay(pair), shifts=find_flow(pair.before, pair.now))

    def landmarks(pair: Pair) -> Displacement:
        tracker = LandmarkTracker(placer, pair.before, find_marks(pair))
        return tracker.find_displacement(pair.rows[1], pair.now)

    def find_marks(pair: Pair) -> np.ndarray:
        side = pair.before.shape[0]
        box = np.concatenate([pair.marks.min(0), pair.marks.max(0)]) * side
        return (placer.place(pair.before, box) + 0.5) / side

    def known_head(pair: Pair) -> Displacement:
        return HeadTracker(head, pair.rows[0]).find_displacement(pair.rows[1], pair.now)

    def laid_head(pair: Pair) -> Displacement:
        tracker = HeadTracker(head, pair.rows[0], find_marks(pair))
        return tracker.find_displacement(pair.rows[1], pair.now)

    def refine(way: Way) -> Way:
        return lambda pair: refine_by_flow(way(pair), pair.before, pair.now)

    return {
        "no motion": stay,
        "DIS flow": flow,
        "landmarks and flow": landmarks,
        "the head": known_head,
        "the head on found points": laid_head,
        "the head, then flow": refine(known_head),
    }


@dataclass
class Tally:
    """What one way did so far."""

    errors: list[np.ndarray]
    psnr_db: list[float]


def measure(pair: Pair, moved: Displacement, tally: Tally) -> Picture:
    """Add one pair to a tally; -> the moved picture."""
    off = np.linalg.norm(moved.shifts - pair.shifts, axis=2)[pair.known]
    tally.errors.append(off * UNIT_PX)
    layers = make_layers(pair.before, pair.before, pair.now, moved)
    painted = paint_moved(frame_crop(pair.before), layers)
    side = pair.before.shape[0]
    low, high = (pair.marks.min(0) * side).astype(int), (pair.marks.max(0) * side).astype(int)
    face = slice(low[1], high[1]), slice(low[0], high[0])
    tally.psnr_db.append(find_psnr_db(painted[face], pair.now[face]))
    return painted


def make_table(pairs: list[Pair], ways: dict[str, Way], pictures: Path | None) -> str:
    """The page's table."""
    lines = ["| way | median error, px | 90 % below, px | PSNR, dB |", "|---|---|---|---|"]
    for name, way in ways.items():
        tally = Tally([], [])
        for k, pair in enumerate(pairs):
            painted = measure(pair, way(pair), tally)
            if pictures is not None:
                shown = cv2.hconcat([pair.before, painted, pair.now])
                file = pictures / f"{name.replace(' ', '_')}_{k}.png"
                cv2.imwrite(str(file), np.ascontiguousarray(shown[..., ::-1]))
        errors = np.concatenate(tally.errors)
        figures = np.median(errors), np.quantile(errors, 0.9), np.mean(tally.psnr_db)
        lines.append(f"| {name} | " + " | ".join(f"{x:.2f}" for x in figures) + " |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="moved pixels against the truth, on renders")
    parser.add_argument("--head-model", required=True, help="npz of scripts.convert_head_model")
    parser.add_argument("--head", default=str(BUNDLED_HEAD), help="file of scripts.fit_head")
    parser.add_argument("--faces", type=int, default=3)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--pictures", help="folder for before, moved and true side by side")
    options = parser.parse_args()
    readout, offset = make_readout(parameters)
    head = replace(load_head(options.head), readout=readout, offset=offset)
    renderer = FaceRenderer(options.head_model)
    pairs = list(draw_pairs(renderer, options.faces, options.size))
    folder = Path(options.pictures) if options.pictures else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    print(make_table(pairs, list_ways(head), folder))


if __name__ == "__main__":
    main()
