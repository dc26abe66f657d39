"""The example of a person in a clip: a clip made from one photograph, and a sheet of it, acted.

    python -m benchmarks.film_example clip astronaut.png clip.mp4
    python -m scripts.generate_video face=video face.path=clip.mp4 name=film
    python -m benchmarks.film_example sheet clip.mp4 outputs/film/video.mp4 film_sheet.jpg

The clip is what a camera in an unsteady hand would see of the photograph: it drifts, comes nearer
and rolls to either side, and never looks beyond the picture's border. Nothing in it is a person's
own movement. The sheet has frames of the clip above, and the same frames as they are acted below.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from embed.photos.loading import load_photo
from synth.film.marks.marking import Marker
from synth.resizing import resize_frames
from synth.storage.atomic import write_atomically
from synth.types import Frames
from synth.video.provenance import MARK
from synth.video.reading import probe_video, read_frames
from synth.video.writing import Encoding, write_video

FPS, SECONDS = 12.0, 5.0
CLIP_PX = 400
#: Where the camera looks, from the left and from above; what it sees of the photograph's shorter
#: side, and how far it drifts, in such sides.
LOOKS_AT = (0.45, 0.38)
SEEN, DRIFT = 0.68, 0.03
NEARER, ROLL_DEGREES = 0.08, 5.0
COLUMNS, TILE_PX, GAP_PX = 5, 280, 6
#: The tag of a JPEG that says what it shows.
IMAGE_DESCRIPTION = 0x010E


def draw_view(photo: np.ndarray, part: float) -> np.ndarray:
    """The photograph as the camera sees it at `part`, 0 to 1, of the clip."""
    height, width = photo.shape[:2]
    turn = 2 * math.pi * part
    side = min(height, width) * SEEN * (1 - NEARER * (1 - math.cos(turn)) / 2)
    drift = DRIFT * min(height, width)
    x, y = LOOKS_AT[0] * width, LOOKS_AT[1] * height
    centre = (x + drift * math.sin(turn), y + drift * math.sin(2 * turn) / 2)
    matrix = cv2.getRotationMatrix2D(centre, ROLL_DEGREES * math.sin(turn), CLIP_PX / side)
    matrix[:, 2] += CLIP_PX / 2 - np.array(centre)
    size = (CLIP_PX, CLIP_PX)
    return cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def make_clip(photo: str, clip: Path) -> None:
    """Write the clip. Raises ValueError or OSError for no photo."""
    pixels, count = load_photo(photo), round(FPS * SECONDS)
    frames = (draw_view(pixels, k / count)[None] for k in range(count))
    write_video(clip, frames, Encoding(FPS, crf=8, marked=False))


def make_sheet(clip: Path, film: Path, sheet: Path) -> None:
    """Write the sheet. Raises ValueError where the film is not as long as the clip."""
    count = probe_video(clip).frame_count
    if probe_video(film).frame_count != count:
        raise ValueError(f"{film}: needs {count} frames, as {clip} has; try video.fps=null")
    numbers = np.linspace(0, count - 1, COLUMNS).round().astype(int)
    rows = [_join(_pick(path, numbers)) for path in (clip, film)]
    gap = np.full((GAP_PX, rows[0].shape[1], 3), 255, np.uint8)
    picture = Image.fromarray(np.concatenate([rows[0], gap, rows[1]]))
    exif = picture.getexif()
    exif[IMAGE_DESCRIPTION] = MARK
    with write_atomically(sheet) as temporary:
        picture.save(temporary, quality=92, exif=exif)
    # Frames of the film have its watermark already.
    Marker.of("benchmarks.film_example", str(numbers), [clip, film]).sign([sheet])


def _pick(path: Path, numbers: np.ndarray) -> Frames:
    frames = (frame for chunk in read_frames(path) for frame in chunk)
    return np.stack([frame for k, frame in enumerate(frames) if k in numbers])


def _join(frames: Frames) -> np.ndarray:
    small = resize_frames(frames, TILE_PX)
    padded = np.pad(small[:-1], ((0, 0), (0, 0), (0, GAP_PX), (0, 0)), constant_values=255)
    return np.concatenate([*padded, small[-1]], axis=1)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    jobs = parser.add_subparsers(dest="job", required=True)
    clip = jobs.add_parser("clip", help="a clip out of a photograph")
    clip.add_argument("photo")
    clip.add_argument("clip", type=Path)
    sheet = jobs.add_parser("sheet", help="frames of the clip, and of the film made of it")
    for name in ("clip", "film", "sheet"):
        sheet.add_argument(name, type=Path)
    given = parser.parse_args()
    if given.job == "clip":
        make_clip(given.photo, given.clip)
    else:
        make_sheet(given.clip, given.film, given.sheet)


if __name__ == "__main__":
    main()
