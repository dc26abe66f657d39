"""What closed segments cost: the same frames encoded in one go and in segments, side by side.

    python -m benchmarks.segments                     the frames of docs/demo.gif
    python -m benchmarks.segments film.mp4 --frames 1200 --rounds 5

In: any video; a short one is repeated. Out: a table of file sizes and of the time that encoding
takes, for mp4 and webm; the fastest round counts. Rendering, which takes longer, is in neither.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from synth.film.recording import plan_segments
from synth.types import Frames
from synth.video.encoders import Encoding
from synth.video.reading import read_frames
from synth.video.segments import join_segments, open_segment
from synth.video.writing import write_video

ENCODINGS = {"film.mp4": Encoding(30, crf=18), "film.webm": Encoding(30, crf=30)}


def write_in_segments(film: Path, frames: Frames, encoding: Encoding) -> None:
    """As `synth.film.recording` does it, without notes and checksums."""
    planned = plan_segments(film.parent / "segments", len(frames), encoding.gop_frames)
    for segment in planned:
        segment.folder.mkdir(parents=True)
        with open_segment(segment, film, encoding) as encoder:
            for number in segment.frames:
                encoder.write(frames[number])
    join_segments(film, planned, encoding)


def write_at_once(film: Path, frames: Frames, encoding: Encoding) -> None:
    """Without segments."""
    write_video(film, [frames], encoding)


def measure(
    write: Callable[[Path, Frames, Encoding], None], name: str, frames: Frames
) -> tuple[float, int]:
    """Seconds, and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / name
        began_s = time.perf_counter()
        write(film, frames, replace(ENCODINGS[name], made_by="benchmark"))
        return time.perf_counter() - began_s, film.stat().st_size


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", nargs="?", default="docs/demo.gif")
    parser.add_argument("--frames", type=int, default=300, help="so many")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    found = list(itertools.islice(read_frames(chosen.video, 1), chosen.frames))
    frames = np.concatenate(list(itertools.islice(itertools.cycle(found), chosen.frames)))
    print(f"{chosen.video}: {len(frames)} frames of {frames.shape[2]}x{frames.shape[1]}\n")
    print("| film | segments | size, times | encoding, s a frame: at once, in segments |")
    print("|---|---|---|---|")
    for name, encoding in ENCODINGS.items():
        rounds = [
            [measure(write, name, frames) for write in (write_at_once, write_in_segments)]
            for _ in range(chosen.rounds)
        ]
        seconds = [min(pair[way][0] for pair in rounds) for way in (0, 1)]
        sizes = [rounds[0][way][1] for way in (0, 1)]
        count = len(plan_segments(Path("."), len(frames), encoding.gop_frames))
        print(
            f"| {name} | {count} | {sizes[1] / sizes[0]:.3f} "
            f"| {seconds[0] / len(frames):.4f}, {seconds[1] / len(frames):.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
