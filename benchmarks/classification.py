"""How fast is footage turned into emotions: a 1080p clip, five faces a second.

    python -m benchmarks.classification
    python -m benchmarks.classification --seconds 60 --rate 5

The clip is made here: scikit-image's portrait of Eileen Collins drifting over a moving ground, at
1920x1080, 25 frames a second, with cuts. Each stage is timed in the same run: the whole; decoding
alone; cutting faces out; scoring. Seconds of video in a second of work; processor time beside it,
which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage import data

from embed.tracking.face_cutting import AlignedFaceCutter
from emotion_seq.classifiers.mini_xception import MiniXception
from emotion_seq.trailers import FootageSettings, read_footage
from synth.video.sampling import sample_video
from synth.video.writing import Encoding, write_video

SIZE = (1920, 1080)
FPS = 25
SHOT_S = 6


class Stopwatch:
    """Hands calls on and adds up how long they take."""

    def __init__(self, inner: object, method: str) -> None:
        self.name = getattr(inner, "name", "")
        self.wall_s = self.processor_s = 0.0
        self._call = getattr(inner, method)

    def _time(self, *arguments: object) -> object:
        wall_s, processor_s = time.perf_counter(), time.process_time()
        result = self._call(*arguments)
        self.wall_s += time.perf_counter() - wall_s
        self.processor_s += time.process_time() - processor_s
        return result

    cut_faces = score = _time


def draw_clip(seconds: float) -> Iterator[np.ndarray]:
    """Frames [1, 1080, 1920, 3], one after the other."""
    portrait = cv2.resize(data.astronaut(), (900, 900), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] / 200.0
    grounds = [
        np.stack([np.sin(x * a + c) * np.cos(y * a) for c in range(3)], -1) * 50 + level
        for a, level in ((1.0, 70), (1.7, 150), (0.6, 110))
    ]
    grounds = [ground.astype(np.uint8) for ground in grounds]
    for number in range(round(seconds * FPS)):
        shot = number // (SHOT_S * FPS)
        frame = grounds[shot % len(grounds)].copy()
        left = round(200 + 300 * (shot % 3) + 120 * np.sin(number / 20))
        top = round(90 + 60 * np.cos(number / 15))
        frame[top : top + 900, left : left + 900] = portrait
        yield frame[None]


def measure(path: Path, rate: float, seconds: float) -> None:
    """Print a table of stages."""
    cutter, scorer = AlignedFaceCutter(), MiniXception()
    for one in (cutter, scorer):
        one.fetch_models()
    scorer.score(np.zeros((1, 128, 128, 3), np.uint8))  # what happens once is no speed
    wall_s, processor_s = time.perf_counter(), time.process_time()
    glimpses = sum(1 for _ in sample_video(path, rate))
    decoding = time.perf_counter() - wall_s, time.process_time() - processor_s
    cut, scored = Stopwatch(cutter, "cut_faces"), Stopwatch(scorer, "score")
    wall_s, processor_s = time.perf_counter(), time.process_time()
    footage = read_footage(path, cut, scored, FootageSettings(rate=rate))  # pyright: ignore
    whole = time.perf_counter() - wall_s, time.process_time() - processor_s
    faces = sum(len(person.times_s) for person in footage.persons)
    print(f"{seconds:.0f} s of 1920x1080 at {FPS}, {glimpses} pictures, {footage.shots} shots, "
          f"{faces} faces; {len(os.sched_getaffinity(0))} cores, {torch.get_num_threads()} "
          f"threads, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print("\n| stage | times real time | processor seconds per second of video |\n|---|---|---|")
    stages = {
        "whole": whole,
        "decoding and shots": decoding,
        "faces": (cut.wall_s, cut.processor_s),
        "emotions": (scored.wall_s, scored.processor_s),
    }
    for name, (wall, processor) in stages.items():
        print(f"| {name} | {seconds / max(wall, 1e-9):.1f} | {processor / seconds:.3f} |")


def main() -> None:
    """Make the clip, measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=5.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        facts = write_video(path, draw_clip(arguments.seconds), Encoding(FPS, 23))
        measure(path, arguments.rate, facts.duration_s)


if __name__ == "__main__":
    main()
