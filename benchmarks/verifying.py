"""Does `verify` answer right: for files of ours, intact and tampered with, and for those of others?

    python -m benchmarks.verifying face.png photo.jpg ...
    python -m benchmarks.verifying --each 15 --side 512 outputs/face7/frames photo.jpg ...

In: pictures, and films or folders of frames. Out: a table: of each kind of treatment how many files
got which answer, and how many of those were right. Files are random crops of the films' frames, and
of the pictures as slow pans, in every format that films and pictures come in. Those of others have
no marks, or a manifest that is signed by a key that is not ours. exiftool and ffmpeg are asked to
strip metadata where they are installed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from benchmarks.signing import signing_as
from synth.film.marks.keys import load_or_make_key, load_own_root
from synth.film.marks.manifest import Origin
from synth.film.marks.marking import Marker, make_id
from synth.film.marks.settings import MarkSettings
from synth.film.marks.verifying import ANSWERS, CHANGED, NOTHING, UNCHANGED, WATERMARK, verify_file
from synth.types import Frames
from synth.video.encoders import Encoding
from synth.video.reading import read_frames
from synth.video.writing import write_video

FORMATS = (".png", ".jpg", ".gif", ".mp4", ".mov", ".webm", "")
#: Kinds of files that carry a manifest.
SIGNED = (".png", ".jpg", ".gif", ".mp4", ".mov")
OURS, BARE = MarkSettings(), MarkSettings(watermark=False, manifest=False)
THEIRS = MarkSettings(watermark=False)
UNREADABLE = "unreadable"
FRAMES = 12


def load_source(path: Path) -> Frames:
    """A picture as one frame, or the first frames of a film."""
    if path.is_dir() or path.suffix in (".mp4", ".webm"):
        return np.concatenate([*itertools.islice(read_frames(path, 1), FRAMES)])
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))[None]


def cut_clip(sources: Sequence[Frames], side_px: int, random: np.random.Generator) -> Frames:
    """A random crop of a random film; of a picture as a pan of a pixel a frame."""
    source = sources[int(random.integers(len(sources)))]
    own_px = int(min(source.shape[1:3]) * random.uniform(0.6, 1.0))
    top, left = (int(random.integers(n - own_px + 1)) for n in source.shape[1:3])
    cut = source[:, top : top + own_px, left : left + own_px]
    if len(cut) > 1:
        return np.stack([_resize(frame, side_px) for frame in cut])
    wide = _resize(cut[0], side_px + FRAMES)
    return np.stack([wide[:side_px, k : k + side_px] for k in range(FRAMES)])


def _resize(picture: np.ndarray, side_px: int) -> np.ndarray:
    method = cv2.INTER_AREA if side_px < len(picture) else cv2.INTER_CUBIC
    return cv2.resize(picture, (side_px, side_px), interpolation=method)


def write_file(path: Path, frames: Frames, settings: MarkSettings, number: int) -> Path:
    """A picture, film or folder with the marks of `settings`."""
    origin = Origin("benchmark", f"{number:064x}", make_id(str(number)))
    for stage in Marker(origin, settings).stages:
        frames = stage(frames, torch.arange(len(frames)) / 25)
    encoding = Encoding(fps=25, marked=settings.manifest)
    if path.suffix in (".png", ".jpg"):
        Image.fromarray(frames[0]).save(path, quality=92)
    elif path.suffix == ".mov":
        write_video(path.with_suffix(".mp4"), [frames], encoding)
        os.replace(path.with_suffix(".mp4"), path)  # the same boxes
    else:
        write_video(path, [frames], encoding)
    if path.suffix in SIGNED:
        Marker(origin, settings).sign([path])
    return path


def flip_bit(path: Path) -> Path:
    """One bit of the pictures themselves."""
    content = bytearray(path.read_bytes())
    if path.suffix in (".mp4", ".mov"):
        place = content.index(b"mdat") + 1500
    else:
        place = content.rindex(b"IDAT") + 60 if path.suffix == ".png" else len(content) - 200
    content[place] ^= 0x10
    path.write_bytes(content)
    return path


def save_again(path: Path) -> Path:
    """Decoded and written once more, as by a program that knows nothing of marks."""
    if path.suffix in (".png", ".jpg"):
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        Image.fromarray(np.asarray(picture)).save(path, quality=80)
        return path
    frames = np.concatenate(list(read_frames(path)))
    # A folder as a film: what else would somebody do with one?
    other = path.with_name(f"again_{path.stem}{path.suffix.replace('.mov', '.mp4') or '.mp4'}")
    write_video(other, [frames], Encoding(fps=25, crf=23, marked=False))
    return other


def strip_with_exiftool(path: Path) -> Path:
    """What `exiftool -all=` leaves."""
    _call("exiftool", "-q", "-q", "-all=", "-overwrite_original", str(path))
    return path


def strip_with_ffmpeg(path: Path) -> Path:
    """What `ffmpeg -map_metadata -1 -c copy` leaves; it damages GIFs that have a manifest."""
    other = path.with_name(f"bare_{path.name}")
    _call("ffmpeg", "-v", "error", "-i", str(path), "-map_metadata", "-1", "-c", "copy", str(other))
    return other


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"needs {command[0]} to work; it said: {done.stderr.strip()[:200]}")


#: How files of ours are treated, which formats, and which answers are right. A file that cannot be
#: decoded any more is told as that.
TREATMENTS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...], tuple[str, ...]]] = {
    "ours, intact": (lambda path: path, SIGNED, (UNCHANGED,)),
    "ours, in what carries no manifest": (lambda path: path, (".webm", ""), (WATERMARK,)),
    "ours, one bit of the pictures changed": (flip_bit, SIGNED, (CHANGED, UNREADABLE)),
    "ours, saved again": (save_again, FORMATS, (WATERMARK,)),
    "ours, exiftool -all=": (strip_with_exiftool, SIGNED, (WATERMARK, CHANGED)),
    "ours, ffmpeg -map_metadata -1": (strip_with_ffmpeg, (".mp4", ".mov"), (WATERMARK,)),
}


def judge(path: Path) -> str:
    """The answer on one file."""
    try:
        return verify_file(path, [load_own_root() or ""]).status
    except (OSError, ValueError):
        return UNREADABLE


def report_row(name: str, answers: Counter[str], right: Sequence[str]) -> None:
    """One kind of files."""
    counts = " | ".join(str(answers[answer]) for answer in (*ANSWERS, UNREADABLE))
    print(f"| {name} | {counts} | {sum(map(answers.get, right, [0] * len(right)))} of ", end="")
    print(f"{answers.total()} |", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=15, help="files of each format")
    parser.add_argument("--side", type=int, default=512, help="pixels of their side")
    given = parser.parse_args()
    random, sources = np.random.default_rng(0), [load_source(path) for path in given.pictures]
    print(f"| files | {' | '.join((*ANSWERS, UNREADABLE))} | right |")
    print("|---" * (len(ANSWERS) + 3) + "|")
    with tempfile.TemporaryDirectory() as name, signing_as(Path(name) / "ours"):
        folder = Path(name)
        load_or_make_key()
        clips = [cut_clip(sources, given.side, random) for _ in range(given.each)]
        ours = [
            write_file(folder / f"ours{number}_{k}{suffix}", clip, OURS, number)
            for k, suffix in enumerate(FORMATS)
            for number, clip in enumerate(clips)
        ]
        for treatment, (treat, suffixes, right) in TREATMENTS.items():
            tool = treatment.split(", ")[1].split(" ")[0]
            if tool in ("exiftool", "ffmpeg") and shutil.which(tool) is None:
                print(f"| {treatment} | not installed here |")
                continue
            answers: Counter[str] = Counter()
            for path in ours:
                if path.suffix not in suffixes:
                    continue
                with tempfile.TemporaryDirectory() as place:
                    copy = Path(place) / path.name
                    (shutil.copytree if path.is_dir() else shutil.copyfile)(path, copy)
                    answers[judge(treat(copy))] += 1
            report_row(treatment, answers, right)
        report_others(folder, clips)


def report_others(folder: Path, clips: Sequence[Frames]) -> None:
    """Files without marks, and those that somebody else has signed."""
    for name, settings, suffixes in (
        ("of others, without marks", BARE, FORMATS),
        ("of others, signed by them", THEIRS, SIGNED),
    ):
        answers: Counter[str] = Counter()
        for k, suffix in enumerate(suffixes):
            for number, clip in enumerate(clips):
                path = folder / f"others{k}_{number}{suffix}"
                with signing_as(folder / "theirs"):
                    write_file(path, clip, settings, number)
                answers[judge(path)] += 1
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        report_row(name, answers, (NOTHING,))


if __name__ == "__main__":
    main()
