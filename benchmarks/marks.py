"""What the watermark costs the eye, what it survives, and how often chance looks like it.

    python -m benchmarks.marks face.png photo.jpg ...
    python -m benchmarks.marks --unmarked 20000 face.png photo.jpg ...

In: pictures, films, folders of frames. Out: three tables on stdout. Of each picture a clip of
`--frames` frames is made by a slow pan; of a film its first frames are taken. Each is marked,
treated, and read back. PSNR and SSIM (Gaussian window, data range 255) are those of marked frames
against unmarked ones; flicker is how much more of the change from frame to frame is a marked
clip's, in grey levels. Unmarked files are crops, turned, scaled and lit at random, each read as a
file of its own.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from synth.film.marks.convolutional_code import CODE_BITS, encode_id
from synth.film.marks.pattern import list_waves
from synth.film.marks.reading import read_watermark
from synth.film.marks.searching import refine, search_scale, turn_back
from synth.film.marks.watermark import Watermark, mark_picture
from synth.film.marks.whitening import average_fluctuations
from synth.types import Frames
from synth.video.encoders import Encoding
from synth.video.reading import read_frames
from synth.video.writing import write_video

ID = 0x5EEDF00D
#: Unmarked files are cut from pictures of this side.
LARGEST_PX = 1024
#: So many of them share a source of chance, and a worker.
UNMARKED_BLOCK = 500
Treatment = Callable[[Frames], Frames]


def make_clip(path: Path, side_px: int, count: int) -> Frames:
    """A slow pan over a picture, two pixels a frame; or the first frames of a film."""
    if path.is_dir() or path.suffix in (".mp4", ".webm"):
        frames = np.concatenate([*itertools.islice(read_frames(path, 1), count)])
        return resize(frames, side_px / min(frames.shape[1:3]))
    with Image.open(path) as opened:
        picture = np.asarray(opened.convert("RGB"))
    scale = (side_px + 2 * count) / min(picture.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method)
    return np.stack([picture[k : k + side_px, 2 * k : 2 * k + side_px] for k in range(count)])


def encode(frames: Frames, suffix: str = ".mp4", crf: int = 18, fps: float = 25) -> Frames:
    """The frames after a video file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        write_video(path, [frames], Encoding(fps=fps, crf=crf, marked=False))
        return np.concatenate(list(read_frames(path)))


def resize(frames: Frames, scale: float) -> Frames:
    """All frames larger or smaller."""
    return np.stack(
        [cv2.resize(f, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for f in frames]
    )


def crop(frames: Frames, share: float) -> Frames:
    """What is left when so much of each side is kept, off the middle."""
    height, width = frames.shape[1:3]
    tall, wide = round(height * share), round(width * share)
    top, left = (height - tall) // 3, (width - wide) * 2 // 3
    return np.ascontiguousarray(frames[:, top : top + tall, left : left + wide])


def compress(frames: Frames, quality: int) -> Frames:
    """Each frame after JPEG."""
    parameters = [cv2.IMWRITE_JPEG_QUALITY, quality]
    coded = [cv2.imencode(".jpg", frame, parameters)[1] for frame in frames]
    return np.stack([np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)) for data in coded])


def show_on_screen(frames: Frames) -> Frames:
    """A screenshot: scaled to 83 %, on a bright page, as JPEG 80."""
    small = resize(frames, 0.83)
    height, width = small.shape[1:3]
    page = np.full((len(small), round(height * 1.2), round(width * 1.4), 3), 238, np.uint8)
    page[:, height // 9 : height // 9 + height, width // 6 : width // 6 + width] = small
    return compress(page, 80)


def repeat_frames(frames: Frames) -> Frames:
    """25 frames a second as 30: every fifth one twice, through x264 23."""
    times = np.floor(np.arange(len(frames) * 6 // 5) * 5 / 6).astype(int)
    return encode(frames[times], fps=30, crf=23)


TREATMENTS: dict[str, Treatment] = {
    "none (metadata stripped)": lambda x: x,
    **{f"x264 crf {crf}": lambda x, crf=crf: encode(x, crf=crf) for crf in (18, 23, 28, 33)},
    "x264 crf 23, twice": lambda x: encode(encode(x, crf=23), crf=23),
    "half the size": lambda x: resize(x, 0.5),
    "crop to 90 %": lambda x: crop(x, 0.9),
    "crop to 70 %": lambda x: crop(x, 0.7),
    "crop to 70 %, x264 crf 28": lambda x: encode(crop(x, 0.7), crf=28),
    "one frame, jpeg 50": lambda x: compress(x[:1], 50),
    "one frame, screenshot": lambda x: show_on_screen(x[:1]),
    "25 to 30 fps, x264 crf 23": repeat_frames,
    "gif": lambda x: encode(x, ".gif"),
}


def measure_bits(frames: Frames, scale: float) -> float:
    """The share of code bits that are right, at the scale where the mark was found."""
    averaged = average_fluctuations([frames])
    assert averaged is not None
    waves = list_waves()
    values = turn_back(refine(averaged[0], search_scale(averaged[0], scale)))
    carrying = ~waves.are_known
    soft = np.bincount(waves.bits[carrying], values[carrying], CODE_BITS)
    return float(np.mean((soft > 0) == encode_id(ID)))


def measure_time_ms(picture: np.ndarray) -> float:
    """What marking one more frame of a film takes of a core: the median of 15."""
    found = []
    for _ in range(15):
        started_s = time.process_time()
        mark_picture(picture, ID)
        found.append(1e3 * (time.process_time() - started_s))
    return float(np.median(found))


def report_looks(clips: dict[str, Frames]) -> None:
    """PSNR, SSIM and flicker of each picture's clip, and the time that marking takes."""
    print("| picture | PSNR, dB | SSIM | flicker, levels | CPU ms a frame |\n|---|---|---|---|---|")
    for name, clip in clips.items():
        marked = Watermark(ID)(clip)
        spent_ms = measure_time_ms(clip[0])
        error = np.mean((marked.astype(np.float32) - clip) ** 2)
        psnr = 10 * np.log10(255**2 / error)
        ssim = structural_similarity(
            clip[0], marked[0], channel_axis=2, gaussian_weights=True, data_range=255
        )
        changes = [np.abs(np.diff(x.astype(np.float32), axis=0)).mean() for x in (clip, marked)]
        flicker = changes[1] - changes[0]
        print(f"| {name} | {psnr:.1f} | {ssim:.4f} | {flicker:+.2f} | {spent_ms:.1f} |", flush=True)


def report_survival(clips: dict[str, Frames]) -> None:
    """After each treatment: clips found, identifiers right, code bits right, the weakest score."""
    print("\n| treatment | found | id right | bits right | worst chance |\n|---|---|---|---|---|")
    for name, treat in TREATMENTS.items():
        found, right, bits, chances = 0, 0, [], []
        for clip in clips.values():
            treated = treat(Watermark(ID)(clip))
            mark = read_watermark([treated])
            found += mark is not None
            right += mark is not None and mark.identifier == ID
            bits.append(measure_bits(treated, mark.scale if mark else 1.0))
            chances.append(mark.log10_chance if mark else 0.0)
        count, worst = len(clips), max(chances)
        print(
            f"| {name} | {found}/{count} | {right}/{count} | {np.mean(bits):.1%} | 1e{worst:.0f} |",
            flush=True,
        )


def report_false_alarms(paths: list[Path], count: int, side_px: int, workers: int) -> None:
    """How many unmarked files are called marked; the same files whatever the workers."""
    starts, alarms, done = range(0, count, UNMARKED_BLOCK), 0, 0
    # Not forked: threads of the parent would be copied half.
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=start) as crew:
        blocks = [min(UNMARKED_BLOCK, count - first) for first in starts]
        for size, found in zip(
            blocks, crew.map(partial(count_alarms, paths, side_px), starts, blocks), strict=True
        ):
            alarms, done = alarms + found, done + size
            if done < count:  # hours, so say how it stands
                print(f"\n{alarms} of {done} unmarked files so far were called marked", flush=True)
    print(f"\n{alarms} of {count} unmarked files of {side_px} pixels were called marked")


def count_alarms(paths: list[Path], side_px: int, first: int, count: int) -> int:
    """How many of `count` unmarked files are called marked; `first` is their chance's seed."""
    cv2.setNumThreads(1)
    random, alarms = np.random.default_rng([0, first]), 0
    pictures = [make_clip(path, LARGEST_PX, 1)[0] for path in paths]
    for _ in range(count):
        picture = pictures[random.integers(len(pictures))]
        share = random.uniform(0.4, 1.0)
        side = int(min(picture.shape[:2]) * share)
        top, left = (int(random.integers(n - side + 1)) for n in picture.shape[:2])
        cut = np.rot90(picture[top : top + side, left : left + side], int(random.integers(4)))
        cut = cv2.resize(
            np.ascontiguousarray(cut), (side_px, side_px), interpolation=cv2.INTER_AREA
        )
        lit = cv2.convertScaleAbs(cut, alpha=random.uniform(0.7, 1.3), beta=random.uniform(0, 20))
        lit = compress(lit[None], int(random.integers(40, 96)))
        alarms += read_watermark([lit]) is not None
    return alarms


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--side", type=int, default=512, help="pixels of a clip's side")
    parser.add_argument("--frames", type=int, default=12, help="frames of a clip")
    parser.add_argument("--unmarked", type=int, default=200, help="unmarked files to read")
    parser.add_argument("--unmarked-side", type=int, default=256)
    parser.add_argument("--workers", type=int, default=1, help="processes that read those")
    parser.add_argument("--only-unmarked", action="store_true", help="the last table alone")
    given = parser.parse_args()
    if not given.only_unmarked:
        clips = {path.name: make_clip(path, given.side, given.frames) for path in given.pictures}
        report_looks(clips)
        report_survival(clips)
    report_false_alarms(given.pictures, given.unmarked, given.unmarked_side, given.workers)


if __name__ == "__main__":
    main()
