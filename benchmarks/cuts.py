"""How well and how fast are cuts found: ours beside others, on films whose cuts are known.

    python -m benchmarks.cuts
    python -m benchmarks.cuts --films 60 --seed 1

Films of 320x180 are put together from scikit-image's pictures: each shot pans, zooms and shakes
over a part of one, at a brightness of its own, with noise. Three kinds: `cuts` between different
pictures; `one place`, cuts between parts of the same picture, under the same light; `no cuts`, one
shot with fast pans, flashes of two frames and a lamp that is switched on slowly. PySceneDetect
takes part where it is installed (pip install scenedetect-headless), at its own settings; its least
length of a shot is set to one frame, since our shots may be short. Found within a frame counts.
Markdown goes to stdout.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from skimage import data

from synth.video.cuts import is_cut, make_glance

SIZE = (320, 180)
FPS = 25
SHOTS, SHORTEST_SHOT, LONGEST_SHOT = 8, 6, 75
KINDS = ("cuts", "one place", "no cuts")
SOURCES = ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins", "grass", "moon", "page")

Finder = Callable[[Sequence[np.ndarray]], list[int]]


@dataclass(frozen=True, eq=False)
class Film:
    """Frames uint8 RGB, and the numbers of those that begin a shot, without the first."""

    frames: list[np.ndarray]
    cuts: list[int]


@dataclass(frozen=True, eq=False)
class View:
    """A picture enlarged, from a place (0 to 1 of the room that is left), brightened."""

    scale: float
    place: np.ndarray
    gain: float


def make_film(kind: str, random: np.random.Generator) -> Film:
    """One film of a kind."""
    pictures = [_load_picture(name) for name in random.permutation(SOURCES)]
    if kind == "no cuts":
        return Film(list(_draw_restless_shot(pictures[0], random)), [])
    frames: list[np.ndarray] = []
    cuts: list[int] = []
    light = random.uniform(0.5, 1.2)
    for number in range(SHOTS):
        one_place = kind == "one place"
        picture = pictures[0] if one_place else pictures[number % len(pictures)]
        gain = light if one_place else random.uniform(0.4, 1.3)
        if frames:
            cuts.append(len(frames))
        count = int(random.integers(SHORTEST_SHOT, LONGEST_SHOT))
        frames += _draw_shot(picture, count, gain, random)
    return Film(frames, cuts)


def find_ours(frames: Sequence[np.ndarray]) -> list[int]:
    """`synth.video.cuts`."""
    glances = [make_glance(frame) for frame in frames]
    return [k for k in range(1, len(frames)) if is_cut(glances[k - 1], glances[k])]


def find_by_mean_change(frames: Sequence[np.ndarray]) -> list[int]:
    """The mean change of 32x32 RGB above 20 levels: what person tracking used before."""
    small = [cv2.resize(frame, (32, 32), interpolation=cv2.INTER_AREA) for frame in frames]
    steps = np.abs(np.diff(np.stack(small).astype(np.float32), axis=0)).mean(axis=(1, 2, 3))
    return (np.flatnonzero(steps > 20) + 1).tolist()


def list_finders() -> dict[str, Finder]:
    """By name; PySceneDetect's where it is installed."""
    finders: dict[str, Finder] = {
        "synth.video.cuts": find_ours,
        "mean change alone": find_by_mean_change,
    }
    try:
        detectors: Any = importlib.import_module("scenedetect.detectors")
    except ImportError:
        return finders
    common: Any = importlib.import_module("scenedetect.common")

    def make_finder(name: str) -> Finder:
        def find(frames: Sequence[np.ndarray]) -> list[int]:
            detector = getattr(detectors, name)(min_scene_len=1)
            found: list[Any] = []
            for number, frame in enumerate(frames):
                found += detector.process_frame(
                    common.FrameTimecode(number, float(FPS)), np.ascontiguousarray(frame[..., ::-1])
                )
            return [one.frame_num for one in found]

        return find

    names = ("ContentDetector", "AdaptiveDetector", "HistogramDetector")
    return finders | {f"PySceneDetect, {name}": make_finder(name) for name in names}


def count_hits(found: Sequence[int], cuts: Sequence[int]) -> int:
    """Cuts that were found to within a frame, each by one find."""
    left, hits = list(found), 0
    for cut in cuts:
        near = [one for one in left if abs(one - cut) <= 1]
        if near:
            hits += 1
            left.remove(near[0])
    return hits


def main() -> None:
    """Make films, find cuts, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--films", type=int, default=30, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    finders = list_finders()
    counts = {name: np.zeros((len(KINDS), 3), int) for name in finders}  # hits, finds, cuts
    seconds, frames = dict.fromkeys(finders, 0.0), 0
    random = np.random.default_rng(arguments.seed)
    for row, kind in enumerate(KINDS):
        for _ in range(arguments.films):
            film = make_film(kind, random)
            frames += len(film.frames)
            for name, find in finders.items():
                began = time.process_time()
                found = find(film.frames)
                seconds[name] += time.process_time() - began
                hits = count_hits(found, film.cuts)
                counts[name][row] += (hits, len(found), len(film.cuts))
    print("| | cuts: found | wrong | one place: found | wrong | no cuts: wrong | ms a frame |")
    print("|---|---|---|---|---|---|---|")
    for name, ((a, b, c), (d, e, f), (_, g, _)) in counts.items():
        cost_ms = 1000 * seconds[name] / frames
        print(f"| {name} | {a}/{c} | {b - a} | {d}/{f} | {e - d} | {g} | {cost_ms:.2f} |")


def _load_picture(name: str) -> np.ndarray:
    picture = getattr(data, name)()
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


def _draw_shot(
    picture: np.ndarray, count: int, gain: float, random: np.random.Generator
) -> Iterator[np.ndarray]:
    """A part of the picture, moving a little."""
    width, height = SIZE
    scale = random.uniform(1.0, 2.5) * max(width / picture.shape[1], height / picture.shape[0])
    place, speed = random.random(2), random.normal(0, 0.002, 2)
    zoom = random.normal(0, 0.001)
    for number in range(count):
        view = View(scale * (1 + zoom * number), place + speed * number, gain)
        yield _show(picture, view, random)


def _draw_restless_shot(picture: np.ndarray, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Still, a fast pan and back, two flashes, a lamp that takes a second to come up."""
    width, height = SIZE
    scale = 1.6 * max(width / picture.shape[1], height / picture.shape[0])
    count = 8 * FPS
    flashes = set(random.integers(4 * FPS, 6 * FPS, 2).tolist())
    flashes |= {number + 1 for number in flashes}
    for number in range(count):
        swing = np.sin(np.clip((number - FPS) / (2 * FPS), 0, 1) * np.pi)  # there and back in 2 s
        place = np.array([0.1 + 0.8 * swing, 0.5])
        lamp = 0.6 + 0.6 * float(np.clip((number - 6.5 * FPS) / FPS, 0, 1))
        gain = lamp * (1.8 if number in flashes else 1.0)
        yield _show(picture, View(scale, place, gain), random)


def _show(picture: np.ndarray, view: View, random: np.random.Generator) -> np.ndarray:
    """A frame, with a shaking hand and noise."""
    room = np.array(picture.shape[1::-1]) * view.scale - SIZE
    shake = random.normal(0, 0.4, 2)
    left, top = -np.clip(view.place, 0, 1) * np.maximum(room, 0) + shake
    matrix = np.array([[view.scale, 0, left], [0, view.scale, top]])
    frame = cv2.warpAffine(picture, matrix, SIZE, borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    noise = random.normal(0, 3, frame.shape[:2])[..., None]
    return (frame * view.gain + noise).clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
